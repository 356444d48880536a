import { setImmediate as nextTurn } from 'node:timers/promises';
import { Deferred } from '../../../src/engine/deferred.js';
import { Fold } from '../../../src/resilience/fold.js';

const MOST = 3;

/** Something that is asked for, and waits for the test to answer. */
interface Asked {
  readonly what: readonly string[];
  readonly answer: (answers?: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

describe('what folds questions into one', () => {
  let asked: Asked[];
  let fold: Fold<string, string>;

  const ask = (what: readonly string[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      const answer = (answers: readonly string[] = what.map((each) => `${each}!`)) => resolve(answers);
      asked.push({ what, answer, fail: reject });
    });
  const foldOf = (most: number) =>
    new Fold<string, string>({ most: () => most, one: async (what) => (await ask([what]))[0]!, many: ask });
  const groups = () => asked.map(({ what }) => what.join(''));

  beforeEach(() => {
    asked = [];
    fold = foldOf(MOST);
  });

  it('asks at once while nothing is on its way', async () => {
    const first = fold.ask('a');
    expect(groups()).toEqual(['a']);
    asked[0]!.answer();
    expect(await first).toBe('a!');
    void fold.ask('b');
    expect(groups()).toEqual(['a', 'b']);
  });

  it('asks together, in their order, for what is asked in one turn while something is on its way', async () => {
    void fold.ask('a');
    const [b, c] = [fold.ask('b'), fold.ask('c')];
    expect(groups()).toEqual(['a']);
    await nextTurn();
    expect(groups()).toEqual(['a', 'bc']);
    void fold.ask('d');
    await nextTurn();
    expect(groups()).toEqual(['a', 'bc', 'd']);
    asked[1]!.answer();
    expect(await Promise.all([b, c])).toEqual(['b!', 'c!']);
  });

  it('waits for no answer before it asks again', async () => {
    for (const what of ['a', 'b', 'c', 'd']) {
      void fold.ask(what);
      await nextTurn();
    }
    expect(groups()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('asks for a limited number at a time, and does not wait when there are as many', async () => {
    const all = 'abcdefgh'.split('').map((what) => fold.ask(what));
    expect(groups()).toEqual(['a', 'bcd', 'efg']);
    await nextTurn();
    expect(groups()).toEqual(['a', 'bcd', 'efg', 'h']);
    for (const { answer } of asked) answer();
    expect(await Promise.all(all)).toEqual('abcdefgh'.split('').map((what) => `${what}!`));
  });

  it('asks for fewer together where one of them is large', async () => {
    fold = new Fold({
      most: (what) => (what === 'L' ? 2 : 4),
      one: async (what) => (await ask([what]))[0]!,
      many: ask,
    });
    for (const what of 'aLbcdeLfLL') void fold.ask(what);
    await nextTurn();
    expect(groups()).toEqual(['a', 'Lbc', 'deL', 'fL', 'L']);
  });

  it('has nobody wait for what only another one needs', async () => {
    const late = new Deferred<string>();
    fold = new Fold({
      most: () => MOST,
      one: async (what) => (await ask([what]))[0]!,
      many: async (what) => {
        const answers = await ask(what);
        return answers.map((answer) => (answer === 'c!' ? late.promise : answer));
      },
    });
    const [, b, c, d] = ['a', 'b', 'c', 'd'].map((what) => fold.ask(what));
    for (const { answer } of asked) answer();
    expect(await Promise.all([b, d])).toEqual(['b!', 'd!']);
    late.resolve('at last');
    expect(await c).toBe('at last');
  });

  it('goes at once again when all is answered', async () => {
    const first = [fold.ask('a'), fold.ask('b')];
    await nextTurn();
    for (const { answer } of asked) answer();
    await Promise.all(first);
    void fold.ask('c');
    expect(groups()).toEqual(['a', 'b', 'c']);
  });

  it('fails those that were asked together, and no others', async () => {
    const first = fold.ask('a');
    const together = ['b', 'c'].map((what) => fold.ask(what));
    await nextTurn();
    const error = new Error('gone');
    asked[1]!.fail(error);
    asked[0]!.answer();
    const settled = await Promise.allSettled(together);
    expect(settled).toEqual(together.map(() => ({ status: 'rejected', reason: error })));
    expect(await first).toBe('a!');
    const later = fold.ask('d');
    asked[2]!.answer();
    expect(await later).toBe('d!');
  });

  it('asks for each alone where nothing is to be asked together', () => {
    fold = foldOf(1);
    for (const what of ['a', 'b', 'c']) void fold.ask(what);
    expect(groups()).toEqual(['a', 'b', 'c']);
  });
});
