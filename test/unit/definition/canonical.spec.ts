import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { canonicalize } from '../../../src/definition/canonical.js';
import { cacheErrorOf } from './support/error-of.js';

class Page {
  constructor(
    readonly number?: unknown,
    readonly limit?: unknown,
  ) {}
}
class Filter {
  [name: string]: unknown;
}
class Tags extends Array<string> {}

const of = (value: unknown) => canonicalize(value, 'value');

/** All different from one another. */
const DIFFERENT: readonly unknown[] = [
  ...[null, 'null', undefined, 'undefined', 0, '0', 1, '1', 1n, '1n', true, 'true', false, 'false', ''],
  ...[NaN, 'NaN', Infinity, -Infinity, -1, 0.1, 1e21],
  ...[
    [],
    [1],
    ['1'],
    [[1]],
    [1, 2],
    [2, 1],
    ['1,2'],
    ['a","b'],
    ['a\\","b'],
    [undefined],
    [null],
    new Array(1),
    [1, undefined],
    new Tags('a', 'b'),
    ['a', 'b'],
  ],
  ...[
    {},
    { a: 1 },
    { a: '1' },
    { a: undefined },
    { b: 1 },
    { a: 1, b: 2 },
    { a: { b: 1 } },
    { 'a":1,"b': 2 },
    '{}',
    '[]',
  ],
  ...[JSON.parse('{"__proto__":1}'), JSON.parse('{"constructor":1}'), { toJSON: 1 }],
  ...[new Date(0), new Date(1), new Date(NaN), '1970-01-01T00:00:00.000Z', 'Date(0)'],
  ...[new Map(), new Map([['a', 1]]), new Map([['a', '1']]), new Map([[1, 'a']]), new Map([[{ a: 1 }, 1]])],
  ...[
    new Set(),
    new Set(['a']),
    new Set([1]),
    new Set([[1]]),
    new Set([new Set([1])]),
    new Set([{ a: 1 }, { a: 1 }]),
    new Set([{ a: 1 }]),
  ],
  ...[
    /a/,
    /a/g,
    Object.assign(/a/g, { lastIndex: 1 }),
    /b/,
    '/a/',
    new URL('http://a/'),
    'http://a/',
    new URL('http://a/b'),
    new URLSearchParams('a=1'),
    new URLSearchParams('a=2'),
  ],
  ...[
    new Uint8Array([1]),
    new Int8Array([1]),
    new Uint16Array([1]),
    Buffer.from([1]),
    new Uint8Array([1]).buffer,
    new Uint8Array([1, 0]),
  ],
  ...[new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), new BigInt64Array([1n]), new Float64Array([1.5])],
  ...[new Page(1), new Page('1'), new Page(1, 2), new Filter(), new (class extends Page {})(1)],
  ...['\ud83d', '\ude00', '\ufffd', '\\ud83d', '"', '\\"', 'a\0', 'é', 'e\u0301'],
];

describe('the canonical form', () => {
  it('differs for values that differ', () => {
    const seen = new Map<string, unknown>();
    for (const value of DIFFERENT) {
      const text = of(value);
      if (seen.has(text)) throw new Error(`${text} stands for two values`);
      seen.set(text, value);
    }
    expect(seen.size).toBe(DIFFERENT.length);
  });

  it('differs in depth as it does at the top', () => {
    for (const wrap of [
      (value: unknown) => [value],
      (value: unknown) => ({ a: value }),
      (value: unknown) => new Map([[value, 1]]),
    ]) {
      expect(new Set(DIFFERENT.map((value) => of(wrap(value)))).size).toBe(DIFFERENT.length);
    }
  });

  it.each([
    ['fields in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['0 and -0', 0, -0],
    ['0 and -0 in a typed array', new Float32Array([0]), new Float32Array([-0])],
    ['NaN and NaN', [NaN], [NaN]],
    [
      'Maps in another order',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      new Map<unknown, unknown>([
        [2, 'b'],
        ['a', 1],
      ]),
    ],
    ['Sets in another order', new Set([1, '1', 2]), new Set([2, 1, '1'])],
    ['Sets of objects', new Set([{ a: 1, b: 2 }, 1]), new Set([1, { b: 2, a: 1 }])],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      'a getter and its value',
      {
        get a() {
          return 1;
        },
      },
      { a: 1 },
    ],
    ['hidden fields', Object.defineProperty({ a: 1 }, 'b', { value: 2 }), { a: 1 }],
    ['instances of one class', new Page(1, 2), Object.assign(new Page(), { limit: 2, number: 1 })],
    ['views of equal bytes', new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
    ['an object that occurs twice', [{ a: 1 }, { a: 1 }], ((shared) => [shared, shared])({ a: 1 })],
  ])('is the same for %s', (_name, a: unknown, b: unknown) => {
    expect(of(a)).toBe(of(b));
  });

  it('does not call toJSON', () => {
    class Money {
      constructor(readonly cents: number) {}
      toJSON() {
        return 'money';
      }
    }
    expect(of(new Money(1))).not.toBe(of(new Money(2)));
  });

  it('cannot be forged by the name of a class', () => {
    const named = (name: string) =>
      Object.defineProperty(
        class {
          a = 1;
        },
        'name',
        { value: name },
      );
    const Forger = named('X"{"a":1}');
    const Plain = named('X');
    expect(of([new Forger()])).not.toBe(of([new Plain()]));
    expect(of(new (named('Date'))())).not.toBe(of(new Date(1)));
  });

  it('takes the class from the prototype, not from a field named `constructor`', () => {
    expect(of({ constructor: 'Page', number: 1 })).toBe('{"constructor":"Page","number":1}');
  });

  it.each([
    [() => 'hunter2', 'a function'],
    [Symbol('hunter2'), 'a symbol'],
    [Promise.resolve('hunter2'), 'a promise'],
    [
      new (class Query {
        text = 'hunter2';
        then() {}
      })(),
      'thenable',
    ],
    [Readable.from(['hunter2']), 'a stream'],
    [new EventEmitter(), 'event emitter'],
    [new Response('hunter2').body, 'async iterable'],
    [
      (async function* () {
        yield 'hunter2';
      })(),
      'async iterable',
    ],
    [
      (function* () {
        yield 'hunter2';
      })(),
      'whose content is not in fields of its own',
    ],
    [new WeakMap(), 'WeakMap'],
    [new WeakSet(), 'WeakSet'],
    [new Error('hunter2'), 'Error'],
    [new Headers({ a: 'hunter2' }), 'Headers'],
    [new Blob(['hunter2']), 'Blob'],
    [new Intl.NumberFormat(), 'NumberFormat'],
    [Object('hunter2'), 'String'],
    [{ [Symbol('hunter2')]: 1 }, 'symbols as field names'],
    [
      Object.create(Object.create(Page.prototype), { a: { value: 'hunter2', enumerable: true } }),
      'whose prototype is no class',
    ],
    [
      new (class Secret {
        readonly #text = 'hunter2';
        get length() {
          return this.#text.length;
        }
      })(),
      'Secret',
    ],
  ])('cannot be made of %p', (value: unknown, found: string) => {
    const { code, message } = cacheErrorOf(() => of({ filters: [{ owner: value }] }));
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toContain('Expected value (filters[0].owner) to be data');
    expect(message).toContain(found);
    expect(message).not.toContain('hunter2');
  });

  it('names the place by its path, and no name that may be data', () => {
    const place = (value: unknown) =>
      /^Expected (.*) to be/.exec(cacheErrorOf(() => canonicalize(value, 'argument 2')).message)?.[1];
    const wrong = () => 1;
    expect(place(wrong)).toBe('argument 2');
    expect(place({ filters: { owner: wrong } })).toBe('argument 2 (filters.owner)');
    expect(place([1, { a: wrong }])).toBe('argument 2 ([1].a)');
    expect(place({ 'ann@example.org': wrong })).toBe('argument 2 ([…])');
    expect(place(new Map([['ann', wrong]]))).toBe('argument 2 ([value 0])');
    expect(place(new Map([[wrong, 1]]))).toBe('argument 2 ([key 0])');
    expect(place({ fine: [1, 2, {}], set: new Set([1, wrong]) })).toBe('argument 2 (set[1])');
  });

  it('cannot be made of what contains itself', () => {
    const circular: Record<string, unknown> = { name: 'a' };
    circular['self'] = { again: circular };
    expect(cacheErrorOf(() => of(circular)).message).toContain('value (self.again) to be data');
    expect(cacheErrorOf(() => of(circular)).message).toContain('a circular reference');
    const map = new Map();
    expect(cacheErrorOf(() => of(map.set('a', map))).message).toContain('a circular reference');
  });

  it('gives up on structures as deep as only an attacker makes them', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(of(nested(200))).toHaveLength(400);
    expect(cacheErrorOf(() => of(nested(201))).message).toContain('more than 200 levels');
    expect(cacheErrorOf(() => of(nested(5000))).code).toBe('CACHE_INVALID_KEY');
  });

  it('accepts a form of a class that was left empty', () => {
    class EmptyQuery {}
    expect(of(new EmptyQuery())).toBe('"EmptyQuery"{}');
  });
});
