import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { cacheErrorOf } from './support/cache-error-of.js';
import { bot, text } from './support/values.js';

const PLAIN_MARK = 0xc1;

const codec = new ValueCodec();
const through = (input: unknown): unknown => codec.decode(codec.encode(input));
const isPlain = (input: unknown): boolean => codec.encode(input)[0] === PLAIN_MARK;
const errorOf = (bytes: Uint8Array) => cacheErrorOf(() => codec.decode(bytes));
/** Bytes as somebody who writes to Redis may make them up. */
const bytesOf = (json: string, mark = 0): Buffer =>
  Buffer.concat([Buffer.from([PLAIN_MARK, mark]), Buffer.from(json, mark === 0 ? 'latin1' : 'utf8')]);

/** The same, with the same fields in the same order. */
function isSame(output: unknown, input: unknown): boolean {
  return isDeepStrictEqual(output, input) && JSON.stringify(output) === JSON.stringify(input);
}

const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(null, true, false, 2 ** 53, -1e300, 5e-324),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('plain'), { maxLength: 5 }),
    fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      tie('plain'),
      { maxKeys: 6 },
    ),
  ),
}));

it('plain values come back as they were, with their fields in order', () => {
  let plainOnes = 0;
  fc.assert(
    fc.property(plain, (input) => {
      const bytes = codec.encode(input);
      if (bytes[0] === PLAIN_MARK) plainOnes++;
      return isSame(codec.decode(bytes), input);
    }),
    { numRuns: 1000 },
  );
  expect(plainOnes).toBeGreaterThan(600);
});

describe('what is stored', () => {
  const since = new Date(5);
  it.each<[string, unknown, string]>([
    ['an object', { id: '42', n: 1.5, no: null, yes: true }, '[{"id":"42","n":1.5,"no":null,"yes":true}]'],
    ['a date', since, '[5,[]]'],
    ['a date before 1970', [new Date(-1)], '[[-1],[0]]'],
    [
      'dates',
      { owner: { since }, log: [1, since] },
      '[{"owner":{"since":5},"log":[1,5]},["owner","since"],["log",1]]',
    ],
    ['text', '\u2028\ufeff"\0é', '[""]'],
    ['half a character', 'a\ud800', '["a\\ud800"]'],
  ])('%s', (_, input, json) => {
    const bytes = codec.encode(input);
    const expected = json === '[""]' ? JSON.stringify([input]) : json;
    const mark = /[^\0-\u00ff]/.test(expected) ? 1 : 0;
    expect(bytes).toStrictEqual(bytesOf(expected, mark));
    expect(isSame(codec.decode(bytes), input)).toBe(true);
  });

  it('never changes: these bytes may lie in Redis', () => {
    const latin1 = Buffer.from('c1005b7b226e616d65223a224aff72222c226174223a357d2c5b226174225d5d', 'hex');
    expect(codec.encode({ name: 'J\u00ffr', at: since })).toStrictEqual(latin1);
    expect(codec.decode(latin1)).toStrictEqual({ name: 'J\u00ffr', at: since });
    const utf8 = Buffer.from('c1015b7b226e223a22e697a5227d5d', 'hex');
    expect(codec.encode({ n: '\u65e5' })).toStrictEqual(utf8);
    expect(codec.decode(utf8)).toStrictEqual({ n: '\u65e5' });
    const packed = Buffer.from('82a269640aa26174d6ff00000001', 'hex');
    expect(codec.decode(packed)).toStrictEqual({ id: 10, at: new Date(1000) });
  });

  it('is the value itself, of whatever class or realm', () => {
    class Bot {
      readonly #secret = 1;
      readonly at = since;
      constructor(readonly id: number) {}
      get secret(): number {
        return this.#secret;
      }
    }
    const foreign: unknown = runInNewContext('({ list: [1, { a: "x" }] })');
    for (const [input, output] of [
      [new Bot(1), { at: since, id: 1 }],
      [foreign, { list: [1, { a: 'x' }] }],
    ]) {
      expect(isPlain(input)).toBe(true);
      expect(isDeepStrictEqual(through(input), output)).toBe(true);
    }
  });
});

describe('what JSON would change', () => {
  class List extends Array<number> {
    toJSON(): string {
      return 'list';
    }
  }
  const dates = Array.from({ length: 33 }, (_, index) => new Date(index));
  const shared: unknown = JSON.parse('{"__proto__":{"at":1}}');
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a field that is undefined', { a: undefined }],
    ['a hole', Object.assign(new Array<unknown>(3), { 0: 1, 2: 2 })],
    ['-0', [-0]],
    ['NaN', { a: Number.NaN }],
    ['Infinity', [-Infinity]],
    ['a bigint', { a: 1n }],
    ['a Map', { a: new Map([[1, 2]]) }],
    ['a Set', [new Set([1])]],
    ['a Buffer', Buffer.from('x')],
    ['boxed', [Object('x')]],
    ['many dates', dates],
    ['no prototype', Object.assign(Object.create(null), { a: 1 })],
    ['__proto__', shared],
    [
      '__proto__ with a date',
      {
        a: Object.defineProperty({}, '__proto__', {
          value: new Date(1),
          enumerable: true,
          writable: true,
          configurable: true,
        }),
      },
    ],
    ['an error', new Error('m')],
  ])('goes another way: %s', (_, input) => {
    expect(isPlain(input)).toBe(false);
    expect(through(input)).toStrictEqual(input);
  });

  it('goes another way: what has a toJSON', () => {
    expect(through({ list: List.of(1, 2) })).toStrictEqual({ list: [1, 2] });
    expect(through({ list: Object.assign([1], { toJSON: () => 'list' }) })).toStrictEqual({ list: [1] });
    expect(through({ a: { toJSON: () => new Date(1) } })).toStrictEqual({ a: new Date(1) });
    expect(through({ a: new URL('https://example.org/') })).toStrictEqual({ a: 'https://example.org/' });
    const hidden = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'hidden' });
    expect(through({ hidden })).toStrictEqual({ hidden: { a: 1 } });
    expect(through({ toJSON: 'text' })).toStrictEqual({ toJSON: 'text' });
  });

  it('goes another way: an invalid date, and what only calls itself a date', () => {
    expect(isPlain([new Date(Number.NaN)])).toBe(false);
    expect((through([new Date(Number.NaN)]) as [Date])[0].getTime()).toBeNaN();
    const pretender: unknown = Object.assign(Object.create(Date.prototype) as object, { toJSON: 1, a: 1 });
    expect(through([pretender])).toStrictEqual([{ toJSON: 1, a: 1 }]);
  });

  it('goes another way: what a class has for all of its instances', () => {
    function Old(this: Record<string, unknown>): void {
      this['id'] = 1;
    }
    Old.prototype.at = new Date(1);
    const old: unknown = Reflect.construct(Old, []);
    expect(through({ old })).toStrictEqual({ old: { id: 1 } });
  });

  it('leaves the value as it was', () => {
    const input = Object.freeze({
      owner: Object.freeze({ at: new Date(1) }),
      log: Object.freeze([new Date(2)]),
    });
    const copy = structuredClone(input);
    expect(isPlain(input)).toBe(true);
    expect(input).toStrictEqual(copy);
  });
});

it('what others have put on the prototypes of the language changes nothing', () => {
  const input = { at: new Date(1), list: ['a', { b: 1, c: true }], name: 'a' };
  for (const prototype of [Date, Object, Array, String, Number, Boolean].map(
    (type) => type.prototype as object,
  )) {
    const before = Object.getOwnPropertyDescriptor(prototype, 'toJSON');
    for (const enumerable of [false, true]) {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'patched', enumerable, configurable: true });
      try {
        for (const each of [input, 'text']) expect(isDeepStrictEqual(through(each), each)).toBe(true);
      } finally {
        Reflect.deleteProperty(prototype, 'toJSON');
        if (before !== undefined) Object.defineProperty(prototype, 'toJSON', before);
      }
    }
  }
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const objects: object = Object.prototype;
  Object.defineProperty(objects, 'inherited', { value: circle, enumerable: true, configurable: true });
  try {
    expect(JSON.stringify(codec.decode(bytesOf('[{"a":{"b":[{}]}}]')))).toBe('{"a":{"b":[{}]}}');
    expect(JSON.stringify(through(input))).toBe(JSON.stringify(input));
  } finally {
    Reflect.deleteProperty(Object.prototype, 'inherited');
  }
});

describe('made-up bytes', () => {
  it.each([
    ['nothing', ''],
    ['no array', '{"0":1}'],
    ['no array that ends like one', '"]'],
    ['no value', '[]'],
    ['no JSON', '[hunter2]'],
    ['less than a value', '[1'],
    ['more than a value', '[1][2]'],
    ['space after it', '[1] '],
    ['a line after it', '[1]\n'],
    ['a path that is none', '[{"at":1},"at"]'],
    ['a path to nothing', '[{"at":1},["to"]]'],
    ['a path to text', '[{"at":"1"},["at"]]'],
    ['a path to null', '[{"at":null},["at"]]'],
    ['a path to an object', '[{"at":{}},["at"]]'],
    ['a path through text', '[{"at":"text"},["at",0]]'],
    ['a path through nothing', '[{"at":1},["to","at"]]'],
    ['a path through a date', '[{"at":1},["at"],["at","x"]]'],
    ['a path twice', '[{"at":1},["at"],["at"]]'],
    ['a path of no names', '[{"null":1,"true":1,"a":1},[["a"]]]'],
    ['a path of null', '[{"null":1},[null]]'],
    ['a date out of range', '[8640000000000001,[]]'],
    ['half a millisecond', '[0.5,[]]'],
    ['a path to a prototype', '[{"a":1},["__proto__","at"]]'],
    ['a path to the prototype of objects', '[{"a":1},["constructor","length"]]'],
    ['a path to the prototype of arrays', '[[1],["__proto__","length"]]'],
  ])('%s: an error that shows nothing of it', (_, json) => {
    for (const mark of [0, 1]) {
      const error = errorOf(bytesOf(json, mark));
      expect(error.code).toBe('CACHE_INVALID_ENTRY');
      expect(error.cause).toStrictEqual(new Error('A plain value is malformed'));
      expect(error.cause).not.toHaveProperty('cause');
    }
  });

  it('in a text of no kind that there is', () => {
    for (const mark of [2, 0x5b, 255]) expect(errorOf(bytesOf('[1]', mark)).code).toBe('CACHE_INVALID_ENTRY');
    expect(errorOf(Buffer.from([PLAIN_MARK])).code).toBe('CACHE_INVALID_ENTRY');
    expect(errorOf(Buffer.concat([bytesOf('', 1), Buffer.from('\ufeff[1]')])).code).toBe(
      'CACHE_INVALID_ENTRY',
    );
  });

  it('a field named __proto__ is data, and touches no prototype', () => {
    const output = codec.decode(bytesOf('[{"__proto__":{"at":1}},["__proto__","at"]]')) as object;
    expect(Object.keys(output)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
    expect(Reflect.has({}, 'at')).toBe(false);
  });

  it('a path to the length of an array leaves it an array', () => {
    const bytes = bytesOf('[[1,2,3],["length"]]');
    expect(codec.decode(bytes)).toStrictEqual([1, 2, 3]);
  });

  it('with more levels than can be encoded are an error, a million of them too', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nest = (levels: number) => bytesOf(`[${open.repeat(levels)}1${close.repeat(levels)}]`);
      let input: unknown = 1;
      for (let level = 0; level < 256; level++) input = open === '[' ? [input] : { a: input };
      expect(isDeepStrictEqual(codec.decode(nest(256)), input)).toBe(true);
      expect(codec.encode(input)).toStrictEqual(nest(256));
      for (const levels of [257, 1_000_000]) expect(errorOf(nest(levels)).code).toBe('CACHE_INVALID_ENTRY');
    }
  });

  it('are data or an error, whatever path they have', () => {
    const step = fc.oneof(
      fc.constantFrom<unknown>('__proto__', 'constructor', 'length', 'a', '0', 0, 1, -1, 0.5, null, []),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(plain, fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 3 }), (input, paths) => {
        const names = Reflect.ownKeys(Object.prototype);
        try {
          codec.decode(bytesOf(JSON.stringify([{ a: [input, 1], 0: 5 }, ...paths]), 1));
        } catch (error) {
          expect(error).toMatchObject({ code: 'CACHE_INVALID_ENTRY' });
        }
        expect(Reflect.ownKeys(Object.prototype)).toEqual(names);
      }),
      { numRuns: 500 },
    );
  });
});

describe('rows', () => {
  const row = { ...bot, owner: null };

  it('go as records from four of a kind on', () => {
    for (const rows of [[row], [row, row, row], [row, 1, row, 2, row, 3, row]])
      expect(isPlain(rows)).toBe(true);
    for (const rows of [[row, row, row, row], { a: [row, row, row], b: [row, row] }]) {
      expect(isPlain(rows)).toBe(false);
      expect(isSame(through(rows), rows)).toBe(true);
    }
  });

  it('wider than records are plain', () => {
    const wide = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, index]));
    expect(isPlain([wide, wide, wide, wide, wide])).toBe(true);
  });
});
