import * as fc from 'fast-check';
import { Copier } from '../../../src/codec/copier.js';
import { copiesWell, decoded, isSame, plain } from './support/copies.js';
import { bot, value } from './support/values.js';

/** Makes code after one copy. */
const newCopier = (): Copier => new Copier(1);

function expectCopies(...masters: readonly unknown[]): void {
  const copier = newCopier();
  for (const master of masters) expect(copier.learn(master)).toBe(true);
  for (const master of masters) expect(copiesWell(copier, master)).toBe(true);
}

describe('any value', () => {
  it('is copied as it was decoded, unless it is declined', () => {
    fc.assert(
      fc.property(value, (input) => {
        const master = decoded(input);
        const copier = newCopier();
        return !copier.learn(master) || copiesWell(copier, master);
      }),
      { numRuns: 300 },
    );
  });

  it('is copied when it is plain, whatever its fields are called', () => {
    fc.assert(
      fc.property(plain, (input) => {
        const master = decoded(input);
        const copier = newCopier();
        return copier.learn(master) && copiesWell(copier, master);
      }),
      { numRuns: 500 },
    );
  });

  it('is copied by a copier that has learnt others before it and learns others after it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(plain, value), { minLength: 2, maxLength: 6 }), (inputs) => {
        const copier = newCopier();
        const masters: unknown[] = [];
        for (const master of inputs.map(decoded)) {
          if (copier.learn(master)) masters.push(master);
          // Also makes code, which the next one must not meet.
          if (!masters.slice(-1).every((latest) => copiesWell(copier, latest))) return false;
        }
        return masters.every((master) => copiesWell(copier, master));
      }),
      { numRuns: 250 },
    );
  });
});

describe('plain data', () => {
  it('is copied', () => {
    expectCopies(bot);
    expectCopies({ page: 1, bots: Array.from({ length: 50 }, () => decoded(bot)) });
    expectCopies({}, [], [[]], [{}], { a: {}, b: [] });
  });

  it('is copied whatever primitive it is', () => {
    for (const primitive of [undefined, null, true, 0, -0, NaN, Infinity, 1n, '', '\ud800']) {
      const copier = newCopier();
      expect(copier.learn({ primitive })).toBe(true);
      for (let count = 0; count < 3; count++) {
        expect((copier.copy({ primitive }) as { primitive: unknown }).primitive).toBe(primitive);
      }
    }
  });

  it('is copied with dates, also those that are invalid', () => {
    const copier = newCopier();
    const master = { at: new Date(NaN), list: [new Date(-1), new Date(NaN)] };
    expect(copier.learn(master)).toBe(true);
    for (let count = 0; count < 3; count++) {
      const copy = copier.copy(master) as typeof master;
      expect([copy.at.getTime(), ...copy.list.map((date) => date.getTime())]).toEqual([NaN, -1, NaN]);
      expect(new Set([copy.at, ...copy.list, master.at, ...master.list]).size).toBe(6);
      expect(Object.getPrototypeOf(copy.at)).toBe(Date.prototype);
    }
  });

  it('is copied when one place holds different things in different values', () => {
    const things = [
      null,
      1,
      new Date(5),
      new Date(6),
      [],
      [1],
      [{ a: 1 }],
      { a: 1 },
      { a: null },
      { b: [[]] },
    ];
    for (const one of things) {
      for (const other of things) {
        expectCopies([one, other]);
        expectCopies({ field: one }, { field: other }, { field: [one, other] });
      }
    }
  });

  it('is copied when some objects have fields that others have not', () => {
    const all = ['a', 'b', 'c', 'd'];
    const subsets = Array.from({ length: 16 }, (_, bits) =>
      all.filter((_name, index) => bits & (1 << index)),
    );
    const rows = subsets.map((names) => Object.fromEntries(names.map((name) => [name, [{ name }]])));
    for (let count = 1; count <= rows.length; count++) expectCopies(rows.slice(0, count));
    expectCopies([{ a: undefined }, {}], [{ constructor: 1 }, {}, { toString: undefined }]);
  });

  it('is copied in the order of its fields', () => {
    expectCopies([
      { b: [1], a: [2] },
      { a: [1], b: [2] },
    ]);
    expectCopies({ 2: 'b', x: [], 1: 'a' }, { x: [1], y: 0 }, { y: 0, x: [1] });
  });

  it('is copied however wide it is', () => {
    const wide = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, [i]]));
    for (const count of [64, 65, 2000]) expectCopies(wide(count), [wide(count), wide(count - 1)]);
    const many = Array.from({ length: 40 }, (_, i) => ({ [`row${i}`]: wide(60) }));
    expectCopies(Object.assign({}, ...many));
    expectCopies(...many);
  });

  it('is copied however deep it is, as deep as the codec goes', () => {
    const nested = (levels: number, wrap: (inner: unknown) => unknown) => {
      let inner: unknown = 1;
      for (let level = 0; level < levels; level++) inner = wrap(inner);
      return inner;
    };
    for (const wrap of [(a: unknown) => [a], (a: unknown) => ({ a }), (a: unknown) => [{ a, b: [a] }.a]]) {
      for (const levels of [31, 32, 33, 256]) expectCopies(nested(levels, wrap));
      expect(newCopier().learn(nested(257, wrap))).toBe(false);
      expect(newCopier().learn(['mixed', [], nested(256, wrap)])).toBe(false);
    }
  });
});

it('what a caller does with a copy changes nothing for others', () => {
  const copier = newCopier();
  const master = decoded({ list: [{ at: new Date(1), tags: ['a'] }], more: { deep: { x: 1 } } });
  const untouched = decoded(master);
  expect(copier.learn(master)).toBe(true);
  for (let count = 0; count < 5; count++) {
    const copy = copier.copy(master) as { list: { at: Date; tags: string[] }[]; more: { deep?: object } };
    expect(isSame(copy, untouched)).toBe(true);
    copy.list[0]!.at.setTime(2);
    copy.list[0]!.tags.push('b');
    copy.list.length = 0;
    Object.assign(copy.more.deep!, { x: 2, y: 3 });
    delete copy.more.deep;
  }
  expect(isSame(master, untouched)).toBe(true);
});

describe('declined is', () => {
  class Bot {}
  const holes = [1];
  holes.length = 3;
  it.each<[string, unknown]>([
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a Buffer', Buffer.from('a')],
    ['a typed array', new Uint8Array(2)],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a regular expression', /a/],
    ['an error', new Error('no')],
    ['a boxed primitive', Object(1)],
    ['an object without a prototype', Object.create(null)],
    ['an array with holes', holes],
    ['a field named __proto__', JSON.parse('{ "__proto__": { "a": 1 } }')],
    ['an instance', new Bot()],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
  ])('%s, wherever it is', (_name, odd) => {
    expect(newCopier().learn(odd)).toBe(false);
    const among = [
      odd,
      { odd },
      [odd],
      { a: [{ odd }] },
      [1, { a: 1 }, [], odd],
      [[], {}, { odd }],
      [{}, [], [odd]],
    ];
    for (const master of among) {
      const copier = newCopier();
      expect(copier.learn(master)).toBe(false);
      // It has not learnt to take it for plain.
      expect(copier.learn(master)).toBe(false);
      expect(copier.learn(bot) && copiesWell(copier, bot)).toBe(true);
    }
  });
});
