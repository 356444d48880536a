import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { bot } from './support/values.js';
import { cacheErrorOf } from './support/cache-error-of.js';

const codec = new ValueCodec();
const errorOf = (input: unknown) => cacheErrorOf(() => codec.encode(input));

it.each<[string, unknown, string]>([
  ['value', () => 1, 'a function'],
  ['value', class {}, 'a function'],
  ['value', Symbol('s'), 'a symbol'],
  ['value', Promise.resolve(1), 'a promise'],
  ['value.items[3].onClick', { items: [1, 2, 3, { onClick: () => 1 }] }, 'a function'],
  ['value[2].a', [1, 2, { a: Symbol('s') }], 'a symbol'],
  ['value.a.keys()[1]', { a: new Map<unknown, unknown>([[1, 2]]).set(() => 1, 3) }, 'a function'],
  ['value.a.values()[1].b', { a: new Map<unknown, unknown>([[1, 2]]).set(2, { b: () => 1 }) }, 'a function'],
  ['value.values()[1]', new Set<unknown>([1, () => 1]), 'a function'],
  [
    'value.cause.code',
    new Error('m', { cause: Object.assign(new Error(), { code: () => 1 }) }),
    'a function',
  ],
  ['value.a.toJSON().b', { a: { toJSON: () => ({ b: Symbol('s') }) } }, 'a symbol'],
  ['value.a[1]', { a: Object.assign(new Array(3), { 1: () => 1 }) }, 'a function'],
  ['value.a.b', { a: Object.assign(Object.create(null), { b: () => 1 }) as object }, 'a function'],
  ['value.a', { a: new WeakMap() }, 'a weak collection'],
  ['value.a', { a: new WeakSet() }, 'a weak collection'],
  ['value.a', { a: new WeakRef({}) }, 'WeakRef'],
  ['value.a', { a: new SharedArrayBuffer(1) }, 'a SharedArrayBuffer'],
  ['value.a', { a: new URLSearchParams('a=1') }, 'URLSearchParams'],
  ['value.a', { a: new Blob(['a']) }, 'Blob'],
  ['value.a', { a: new Intl.NumberFormat() }, 'NumberFormat'],
  ['value.a', { a: [1].values() }, 'keeps its content out of sight'],
  ['value.a', { a: new Map([[1, 2]]).entries() }, 'keeps its content out of sight'],
  ['value.a', { a: Object(Symbol('s')) as object }, 'a symbol'],
])('%s is named where it cannot be stored: %#', (path, input, got) => {
  const error = errorOf(input);
  expect(error.code).toBe('CACHE_UNCACHEABLE_VALUE');
  expect(error.message).toContain(`\`${path}\``);
  expect(error.message).toContain(got);
});

it('an object whose fields only its class can see is refused, for it would come back empty', () => {
  class Money {
    readonly #amount: number;
    constructor(amount: number) {
      this.#amount = amount;
    }
    get amount(): number {
      return this.#amount;
    }
  }
  expect(errorOf({ price: new Money(1) }).message).toContain('`value.price`');
  expect(errorOf({ price: new Money(1) }).message).toContain('Money');
});

it('a method that returns the object itself as its JSON does not make its functions storable', () => {
  const input = {
    a: 1,
    toJSON(): unknown {
      return this;
    },
  };
  expect(errorOf(input).message).toContain('`value.toJSON` to be data that can be stored, got a function');
});

it('streams, emitters with listeners and generators are refused', () => {
  const emitter = new EventEmitter().on('a', () => undefined);
  for (const input of [Readable.from([1]), emitter, (function* () {})(), (async () => undefined)()]) {
    expect(errorOf({ input }).code).toBe('CACHE_UNCACHEABLE_VALUE');
  }
});

describe('the message', () => {
  it('never holds content: neither values nor names that may be data', () => {
    const input = { 'jane@example.org': { secret: 'hunter2', token: () => 'hunter3' } };
    const error = errorOf({ byMail: input });
    expect(error.message).toContain('`value.byMail[…].token`');
    expect(error.message).not.toMatch(/jane|hunter/);
    expect(errorOf({ [`eyJ${'x'.repeat(60)}`]: () => 1 }).message).not.toContain('eyJ');
  });

  it('stays short for a deep place', () => {
    let input: unknown = () => 1;
    for (let depth = 0; depth < 100; depth++) input = { [`level${depth}`]: input };
    const { message } = errorOf(input);
    expect(message).toContain('value.level99.level98');
    expect(message).toContain('.level1.level0`');
    expect(message.length).toBeLessThan(300);
  });

  it('says what to do', () => {
    expect(errorOf({ a: () => 1 }).message).toBe(
      'Expected `value.a` to be data that can be stored, got a function. Leave it out, or return a plain form of it.',
    );
  });
});

describe('circular references', () => {
  it('are named by both ends', () => {
    const org: Record<string, unknown> = { name: 'org', bots: [] };
    org['bots'] = [bot, { ...bot, org }];
    const { message, code } = errorOf({ data: { org } });
    expect(code).toBe('CACHE_UNCACHEABLE_VALUE');
    expect(message).toContain('`value.data.org.bots[1].org`');
    expect(message).toContain('a reference back to `value.data.org`');
  });

  it.each<[string, () => unknown]>([
    [
      'an object',
      () => {
        const a: Record<string, unknown> = {};
        a['a'] = a;
        return a;
      },
    ],
    [
      'an array',
      () => {
        const a: unknown[] = [1];
        a.push(a);
        return a;
      },
    ],
    [
      'a Map by its key',
      () => {
        const a = new Map<unknown, unknown>();
        return a.set(a, 1);
      },
    ],
    [
      'a Set',
      () => {
        const a = new Set<unknown>();
        return a.add([a]);
      },
    ],
    [
      'an error',
      () => {
        const a = new Error('a');
        a.cause = { a };
        return a;
      },
    ],
    [
      'an object without a prototype',
      () => {
        const a = Object.create(null) as Record<string, unknown>;
        a['a'] = a;
        return a;
      },
    ],
    [
      'a sparse array',
      () => {
        const a: unknown[] = [];
        a[9] = a;
        return a;
      },
    ],
  ])('%s that holds itself is refused', (_, make) => {
    expect(errorOf(make()).message).toContain('a reference back to `value`');
    expect(errorOf({ a: make() }).message).toContain('a reference back to `value.a`');
  });

  it('a toJSON that never comes to an end is refused', () => {
    class Endless {
      toJSON(): unknown {
        return { next: new Endless() };
      }
    }
    expect(errorOf(new Endless()).message).toContain('levels of nesting');
  });
});

it.each([257, 5000, 100_000])('%d levels of nesting are refused', (levels) => {
  let list: unknown = 1;
  let object: unknown = 1;
  for (let depth = 0; depth < levels; depth++) {
    list = [list];
    object = { a: object };
  }
  expect(errorOf(list).message).toContain('more than 256 levels of nesting');
  expect(errorOf(object).message).toContain('more than 256 levels of nesting');
});

it('what a getter or a toJSON throws is the cause', () => {
  const cause = new Error('broken');
  const input = {
    get a(): unknown {
      throw cause;
    },
  };
  expect(errorOf([input])).toMatchObject({ code: 'CACHE_UNCACHEABLE_VALUE', cause });
  expect(errorOf([input]).message).toContain('`value[0].a`');
  const json = {
    toJSON(): unknown {
      throw cause;
    },
  };
  expect(errorOf({ json })).toMatchObject({ code: 'CACHE_UNCACHEABLE_VALUE', cause });
});

it('after a refusal the next value is encoded as if nothing had been', () => {
  const before = codec.encode(bot);
  for (let count = 0; count < 50; count++) errorOf([bot, bot, bot, bot, { a: new Map([[bot, () => 1]]) }]);
  expect(codec.encode(bot)).toStrictEqual(before);
});
