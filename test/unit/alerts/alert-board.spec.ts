import { AlertBoard } from '../../../src/alerts/alert-board.js';
import { checkRules, type AlertFacts, type CacheAlertRule } from '../../../src/alerts/alert-rule.js';

describe('the board of alerts', () => {
  const open = (thresholds: Partial<CacheAlertRule>) => {
    let value: number | undefined;
    const thrown: string[] = [];
    const rule: CacheAlertRule = { name: 'rule', summary: 'A number', measure: () => value, ...thresholds };
    const board = new AlertBoard([rule], (name) => thrown.push(name));
    const judge = (next: number | undefined) => {
      value = next;
      return board.judge({ now: 5 } as AlertFacts).map(({ state }) => state);
    };
    return { board, judge, thrown };
  };

  it('raises once what is above, and clears it once it has come back far enough', () => {
    const { board, judge } = open({ above: 0.8, clear: 0.7 });
    expect([0.8, 0.81, 0.9, 0.75, 0.85, 0.71, 0.7, 0.75, 0.6].map(judge)).toEqual([
      [],
      ['raised'],
      [],
      [],
      [],
      [],
      ['cleared'],
      [],
      [],
    ]);
    expect(board.active).toEqual([]);
  });

  it('does the same the other way round for what is below', () => {
    const { judge } = open({ below: 0.7, clear: 0.75 });
    expect([0.7, 0.69, 0.74, 0.75, 0.7].map(judge)).toEqual([[], ['raised'], [], ['cleared'], []]);
  });

  it('changes nothing while the number can’t be told, or the rule throws', () => {
    const { board, judge } = open({ above: 1 });
    judge(2);
    expect(judge(undefined)).toEqual([]);
    expect(judge(Number.NaN)).toEqual([]);
    expect(board.active).toEqual([
      { name: 'rule', summary: 'A number', state: 'raised', value: 2, threshold: 1, at: 5 },
    ]);
    const failing = open({
      above: 1,
      measure: () => {
        throw new Error('x');
      },
    });
    expect(failing.judge(2)).toEqual([]);
    expect(failing.thrown).toEqual(['rule']);
  });
});

describe('a rule', () => {
  const rule: CacheAlertRule = { name: 'rule', summary: 'x', measure: () => 1, above: 1 };

  it.each<[string, unknown]>([
    ['`name`', [{ ...rule, name: 'with space' }]],
    ['another one', [rule, rule]],
    ['`measure` of `rule`', [{ ...rule, measure: 5 }]],
    ['not both', [{ ...rule, below: 5 }]],
    ['not both', [{ ...rule, above: undefined }]],
    ['finite', [{ ...rule, above: '1' }]],
    ['finite', [{ ...rule, clear: Number.NaN }]],
    ['good side', [{ ...rule, clear: 2 }]],
    ['good side', [{ ...rule, above: undefined, below: 1, clear: 0.5 }]],
  ])('is refused: %s', (message, rules) => {
    expect(() => checkRules(rules as CacheAlertRule[])).toThrow(message);
  });

  it('is taken with one threshold, and with two', () => {
    expect(() =>
      checkRules([
        rule,
        { ...rule, name: 'b', clear: 1 },
        { name: 'c', summary: '', measure: () => 1, below: 1, clear: 2 },
      ]),
    ).not.toThrow();
  });
});
