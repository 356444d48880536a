import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { copiesWell, decoded, isSame, plain } from './support/copies.js';
import { bot, value } from './support/values.js';

const codec = new ValueCodec();
const through = (input: unknown): unknown => codec.decode(codec.encode(input));
const isShaped = (input: unknown): boolean => codec.encode(input)[0] === 0xc1;
/** The text of the shape, and the leaves, as they are stored. */
const partsOf = (input: unknown): [string, string] => {
  const bytes = codec.encode(input);
  const length = bytes[18] ?? 0;
  return [bytes.toString('utf8', 19, 19 + length), bytes.toString('latin1', 19 + length)];
};

function expectCopies(...inputs: readonly unknown[]): void {
  for (const input of inputs) expect(copiesWell(input)).toBe(true);
}

describe('any value', () => {
  it('comes back from what memory keeps of it as from its bytes', () => {
    fc.assert(
      fc.property(value, (input) => copiesWell(input)),
      { numRuns: 200 },
    );
  });

  it('comes back with its fields in order when it is plain, whatever they are called', () => {
    let shaped = 0;
    fc.assert(
      fc.property(plain, (input) => {
        if (isShaped(input)) shaped++;
        return isSame(through(input), input) && copiesWell(input);
      }),
      { numRuns: 500 },
    );
    expect(shaped).toBeGreaterThan(200);
  });

  it('is stored as it would be had there been no others before it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(plain, value), { minLength: 2, maxLength: 6 }), (inputs) => {
        const first = inputs.map((input) => codec.encode(input));
        const again = inputs.toReversed().map((input) => codec.encode(input));
        return isDeepStrictEqual(again.toReversed(), first);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what is stored', () => {
  const at = new Date(5);
  it.each<[string, unknown, string, string]>([
    ['a text', 'a', '0', '["a"]'],
    ['undefined', undefined, '1', '[]'],
    ['a date before 1970', new Date(-1), '2', '[-1]'],
    [
      'an object',
      { id: '42', n: 1.5, no: null, yes: true },
      '{"id":0,"n":0,"no":0,"yes":0}',
      '["42",1.5,null,true]',
    ],
    ['fields that are undefined', { a: undefined, b: 1 }, '{"a":1,"b":0}', '[1]'],
    ['arrays of primitives', { a: [], b: [1, 'x', null] }, '{"a":3,"b":3}', '[[],[1,"x",null]]'],
    [
      'rows',
      [
        { id: 1, at },
        { id: 2, at },
      ],
      '[{"id":0,"at":2}]',
      '[2,1,5,2,5]',
    ],
    ['rows within rows', [[{ a: 1 }], [], [{ a: 2 }, { a: 3 }]], '[[{"a":0}]]', '[3,1,1,0,2,2,3]'],
    ['a field that is null in some rows', [{ at }, { at: null }], '[{"at":[0,2]}]', '[2,1,5,0,null]'],
    ['rows with other fields', [{ b: 1 }, { a: 2 }, { b: 3 }], '[[{"a":0},{"b":0}]]', '[3,1,1,0,2,1,3]'],
    ['names that are data', { 'user-1': 5, 'user-2': at }, '{"*":[0,2]}', '[["user-1","user-2"],0,5,1,5]'],
    [
      'names that are ids',
      [{ a1b2c3d4: {} }, { id: 1 }, {}],
      '[[{"*":{}},{"id":0},{}]]',
      '[3,0,["a1b2c3d4"],1,1,2]',
    ],
    ['anything', [1, undefined, at, [at], {}], '[[0,1,2,[2],{}]]', '[5,0,1,1,2,5,3,1,5,4]'],
    ['half a character', 'a\ud800', '0', '["a\\ud800"]'],
  ])('%s', (_, input, shape, leaves) => {
    expect(partsOf(input)).toEqual([shape, leaves]);
    expect(isSame(through(input), input)).toBe(true);
  });

  it('never changes: these bytes may lie in Redis', () => {
    const latin1 = Buffer.from(
      'c102ba63abf87e86d3c2fd01a0571da20790117b226e616d65223a302c226174223a327d5b224aff72222c355d',
      'hex',
    );
    expect(codec.encode({ name: 'J\u00ffr', at }).toString('hex')).toBe(latin1.toString('hex'));
    expect(codec.decode(latin1)).toStrictEqual({ name: 'J\u00ffr', at });
    const utf8 = Buffer.from('c103f3013f933b9fb80ab6d995e7ad9da36f077b226e223a307d5b22e697a5225d', 'hex');
    expect(codec.encode({ n: '\u65e5' }).toString('hex')).toBe(utf8.toString('hex'));
    expect(codec.decode(utf8)).toStrictEqual({ n: '\u65e5' });
    const packed = Buffer.from('82a269640aa26174d6ff00000001', 'hex');
    expect(codec.decode(packed)).toStrictEqual({ id: 10, at: new Date(1000) });
  });

  it('shows no names of other values, however alike they are', () => {
    codec.encode({ list: [{ id: 1, secret: 1 }, { id: 2 }, { at }, { at: null }] });
    for (const list of [[], [{ id: 3 }], [{ at }], [{ at: null }]]) {
      expect(codec.encode({ list }).includes('secret')).toBe(false);
      expect(partsOf({ list })[0]).toBe(`{"list":${partsOf(list)[0]}}`);
    }
  });

  it('is the fields of an instance, of whatever class or realm', () => {
    class Bot {
      readonly #secret = 1;
      readonly at = at;
      constructor(readonly id: number) {}
      get secret(): number {
        return this.#secret;
      }
    }
    const foreign: unknown = runInNewContext('({ list: [1, { a: "x" }] })');
    for (const [input, output] of [
      [new Bot(1), { at, id: 1 }],
      [
        [new Bot(1), { at, id: 2 }],
        [
          { at, id: 1 },
          { at, id: 2 },
        ],
      ],
      [foreign, { list: [1, { a: 'x' }] }],
    ]) {
      expect(isShaped(input)).toBe(true);
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
  const own = (name: string, data: unknown): object =>
    Object.defineProperty({}, name, { value: data, enumerable: true, writable: true, configurable: true });
  it.each<[string, unknown]>([
    ['a hole', Object.assign(new Array<unknown>(3), { 0: 1, 2: 2 })],
    ['a hole among rows', Object.assign(new Array<unknown>(3), { 0: { a: 1 }, 2: undefined })],
    ['-0', [-0]],
    ['NaN', { a: Number.NaN }],
    ['Infinity', [-Infinity]],
    ['a bigint', { a: 1n }],
    ['a Map', { a: new Map([[1, 2]]) }],
    ['a Set', [new Set([1])]],
    ['a Buffer', Buffer.from('x')],
    ['boxed', [Object('x')]],
    ['no prototype', Object.assign(Object.create(null), { a: 1 })],
    ['__proto__', JSON.parse('{"__proto__":{"at":1}}')],
    ['__proto__ in a dictionary', JSON.parse('{"a-b":1,"__proto__":1}')],
    ['toJSON in a dictionary', { 'a-b': 1, toJSON: 1 }],
    ['__proto__ with a date', { a: own('__proto__', new Date(1)) }],
    ['an error', new Error('m')],
    ['many undefined', [undefined, undefined]],
    ['many empty objects', [{}, {}]],
  ])('goes another way: %s', (_, input) => {
    expect(isShaped(input)).toBe(false);
    expect(isShaped({ wrapped: [1, input] })).toBe(false);
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
    class Price {
      readonly cents = 1;
      toJSON(): string {
        return '0.01';
      }
    }
    // So that the shape of its fields is known.
    expect(through([{ cents: 1 }])).toStrictEqual([{ cents: 1 }]);
    expect(through([new Price()])).toStrictEqual(['0.01']);
  });

  it('goes another way: an invalid date, and what only calls itself a date', () => {
    expect(isShaped([new Date(Number.NaN)])).toBe(false);
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
    // So that the shape of what it seems to be is known.
    expect(isShaped({ old: { id: 1, at: new Date(1) } })).toBe(true);
    expect(through({ old })).toStrictEqual({ old: { id: 1 } });
  });

  it('goes another way: what is different each time that one looks at it', () => {
    let looks = 0;
    const input = {
      get field(): unknown {
        looks += 1;
        return looks % 2 === 0 ? looks : [looks];
      },
    };
    for (let time = 0; time < 10; time++) expect(Object.keys(through(input) as object)).toEqual(['field']);
    const growing = Object.defineProperty([1, 2, { a: 1 }], 0, {
      enumerable: true,
      get: () => growing.push({ a: 1 }),
    }) as unknown[];
    expect(Array.isArray(through(growing))).toBe(true);
  });

  it('leaves the value as it was', () => {
    const input = Object.freeze({
      owner: Object.freeze({ at: new Date(1) }),
      log: Object.freeze([new Date(2)]),
      tags: Object.freeze(['a']),
    });
    const copy = structuredClone(input);
    expect(isShaped(input)).toBe(true);
    expect(input).toStrictEqual(copy);
  });
});

it('what others have put on the prototypes of the language changes nothing', () => {
  const input = { at: new Date(1), list: ['a', { b: 1, c: true }], tags: ['a'], name: 'a' };
  const bytes = codec.encode(input);
  const types = [Date, Object, Array, String, Number, Boolean];
  for (const prototype of types.map((type) => type.prototype as object)) {
    const before = Object.getOwnPropertyDescriptor(prototype, 'toJSON');
    for (const enumerable of [false, true]) {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'patched', enumerable, configurable: true });
      try {
        for (const each of [input, 'text']) expect(isDeepStrictEqual(through(each), each)).toBe(true);
        expect(isDeepStrictEqual(codec.decode(bytes), input)).toBe(true);
      } finally {
        Reflect.deleteProperty(prototype, 'toJSON');
        if (before !== undefined) Object.defineProperty(prototype, 'toJSON', before);
      }
    }
  }
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const objects: object = Object.prototype;
  Object.defineProperty(objects, 'inherited', {
    value: circle,
    enumerable: true,
    configurable: true,
  });
  try {
    expect(JSON.stringify(through(input))).toBe(JSON.stringify(input));
    expect(JSON.stringify(codec.decode(bytes))).toBe(JSON.stringify(input));
  } finally {
    Reflect.deleteProperty(Object.prototype, 'inherited');
  }
});

it('accessors that others have put on all objects are not called for fields of that name', () => {
  const input = { name: 'a', 'my-name': { name: 1, 'my-name': 2 } };
  const objects: object = Object.prototype;
  for (const name of ['name', 'my-name']) {
    Object.defineProperty(objects, name, {
      get: () => 'inherited',
      set: () => {
        throw new Error('called');
      },
      configurable: true,
    });
  }
  try {
    for (let time = 0; time < 110; time++) expect(isSame(through(input), input)).toBe(true);
  } finally {
    for (const name of ['name', 'my-name']) Reflect.deleteProperty(objects, name);
  }
});

describe('plain data', () => {
  it('is copied', () => {
    expectCopies(bot, { page: 1, bots: Array.from({ length: 50 }, () => decoded(bot)) });
    expectCopies({}, [], [[]], [{}], { a: {}, b: [] });
    for (const length of [4_000, 4_096, 70_000])
      expectCopies(['x'.repeat(length)], { n: '\u65e5'.repeat(length) });
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
    expectCopies(Object.assign({}, ...many), ...many);
  });

  it('is copied however deep it is, as deep as the codec goes', () => {
    const nested = (levels: number, wrap: (inner: unknown) => unknown) => {
      let inner: unknown = 1;
      for (let level = 0; level < levels; level++) inner = wrap(inner);
      return inner;
    };
    for (const wrap of [(a: unknown) => [a], (a: unknown) => ({ a }), (a: unknown) => [{ a }.a, 1]]) {
      for (const levels of [31, 32, 63, 64, 65, 66, 256]) expectCopies(nested(levels, wrap));
      expect(() => codec.encode(nested(257, wrap))).toThrow('more than 256 levels');
    }
  });
});

it('what a caller does with a copy changes nothing for others', () => {
  const input = { list: [{ at: new Date(1), tags: ['a'] }], more: { deep: { x: 1 } } };
  const kept = codec.keep(codec.encode(input));
  for (let count = 0; count < 200; count++) {
    const copy = kept?.make() as { list: { at: Date; tags: string[] }[]; more: { deep?: object } };
    expect(isSame(copy, input)).toBe(true);
    copy.list[0]!.at.setTime(2);
    copy.list[0]!.tags.push('b');
    copy.list.length = 0;
    Object.assign(copy.more.deep!, { x: 2, y: 3 });
    delete copy.more.deep;
  }
});
