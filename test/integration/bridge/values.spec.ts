import type { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { type Bridge, connect, createBridge } from './bridge-setup.js';

declare global {
  /** Set by every hostile value below, if something evaluates it. */
  var executed: unknown;
}

const HOSTILE_STRINGS = [
  '_function_f|function(){globalThis.executed=1}',
  '_function_|(() => {globalThis.executed=1})()',
  '_function_',
  '_date_2020',
  '_date_2020-01-01T00:00:00.000Z',
  '2020-01-01T00:00:00.000Z',
  '_symbol_x',
  '_gsymbol_x',
  '_bigint_12',
  '_undefined_',
  '_Infinity_',
  '_-Infinity_',
  '_NaN_',
  '_regexp_g|a+',
  '_duplicate_["v"]',
  '_constructor-name_',
  ':base64:AAAA',
  '::',
  ':',
  '"',
  '{"value":"_symbol_x"}',
  '\ud800 \u2028 \0',
  '',
];

const HOSTILE_OBJECTS = [
  JSON.parse('{"then":"_function_then|function(r){globalThis.executed=1;r(1)}"}') as object,
  { toJSON: 1 },
  { toJSON: '_function_toJSON|function(){globalThis.executed=1}' },
  { '_constructor-name_': 'Foo', a: 1 },
  { __isConvertedError__: true, errorProperties: { message: 'm' } },
  { _function_f: '_function_f|function(){globalThis.executed=1}' },
  { value: 'x', expires: 1 },
  JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as object,
];

const nested = (value: unknown): unknown => ({ list: [value, [value]], deep: { er: { value } } });

describe.each(['on Redis', 'in memory'])('values in CACHE_MANAGER %s', (where) => {
  let server: RedisServer | undefined;
  let client: Redis | undefined;
  let bridge: Bridge;

  beforeAll(async () => {
    if (where === 'on Redis') {
      server = await startRedisServer();
      client = await connect(server.url);
    }
    bridge = await createBridge(client);
  });

  afterAll(async () => {
    await bridge.app.close();
    client?.disconnect();
    await server?.stop();
  });

  beforeEach(async () => {
    await bridge.cache.clear();
    globalThis.executed = undefined;
  });

  const hostile = [...HOSTILE_STRINGS, ...HOSTILE_OBJECTS];

  it.each([...hostile, ...hostile.map(nested)].map((value) => [value]))(
    'come back as they went in, and nothing is executed: %j',
    async (value) => {
      const { cache } = bridge;
      await cache.set('set', value);
      await cache.mset([{ key: 'mset', value }]);
      await cache.wrap('wrap', () => value);
      expect(await cache.get('set')).toEqual(value);
      expect(await cache.mget(['mset', 'set', 'wrap'])).toEqual([value, value, value]);
      const again = await cache.wrap('wrap', () => Promise.reject(new Error('Expected a hit.')));
      expect(again).toEqual(value);
      expect(await cache.wrap('set', () => value, { raw: true })).toMatchObject({ value });
      expect(globalThis.executed).toBeUndefined();
      expect({}).not.toHaveProperty('polluted');
      expect(bridge.errors).toEqual([]);
    },
  );

  it.each([
    ['null', null],
    ['0', 0],
    ['false', false],
    ['a number', 1.5],
    ['a Buffer', Buffer.from([0, 255])],
    ['Buffers within', { list: [Buffer.from('a')], empty: Buffer.alloc(0) }],
    ['a long text', 'ä'.repeat(20_000)],
  ])('come back as they went in: %s', async (_name, value) => {
    await bridge.cache.set('k', value);
    expect(await bridge.cache.get('k')).toStrictEqual(value);
  });

  it.each([
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid Date', new Date(Number.NaN), null],
    ['undefined in an object', { a: undefined, b: 1 }, { b: 1 }],
    ['a function in a list', [1, () => 2, 3], [1, null, 3]],
    ['a Map', new Map([[1, 2]]), {}],
    ['a toJSON method', { toJSON: () => ':base64:AAAA' }, ':base64:AAAA'],
  ])('come back as JSON has them: %s', async (_name, value, expected) => {
    await bridge.cache.set('k', value);
    expect(await bridge.cache.get('k')).toStrictEqual(expected);
  });

  it('that JSON cannot hold are refused to the caller and keep what was there', async () => {
    await bridge.cache.set('k', 'before');
    await expect(bridge.cache.set('k', 1n)).rejects.toThrow(TypeError);
    expect(await bridge.cache.get('k')).toBe('before');
  });

  it('are found under a number and under its text alike', async () => {
    const { cache, errors } = bridge;
    const key = 42 as unknown as string;
    await cache.set(key, 'set');
    expect([await cache.get(key), await cache.get('42')]).toEqual(['set', 'set']);
    await cache.mset([{ key, value: 'mset' }]);
    expect(await cache.mget(['42', key])).toEqual(['mset', 'mset']);
    expect(await cache.wrap(key, () => 'loaded')).toBe('mset');
    expect(await cache.ttl(key)).toBeGreaterThan(Date.now());
    await cache.del(key);
    expect(await cache.get('42')).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it('are not found under what is neither text nor number, of which two may look alike', async () => {
    const { cache, errors } = bridge;
    for (const key of [{ id: 1 }, undefined, null, Symbol('key')] as unknown as string[]) {
      await cache.set(key, 'value');
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.mget([key])).toEqual([undefined]);
      await cache.del(key);
      expect(errors.map(({ operation }) => operation)).toEqual(['set', 'get', 'get', 'del']);
      for (const { error } of errors.splice(0)) expect(error).toMatchObject({ code: 'CACHE_INVALID_KEY' });
    }
  });

  it('cannot be changed by another reader', async () => {
    const value = { list: [1] };
    await bridge.cache.set('k', value);
    value.list.push(2);
    (await bridge.cache.get<typeof value>('k'))?.list.push(3);
    expect(await bridge.cache.get('k')).toEqual({ list: [1] });
  });
});

describe('bytes that a stranger wrote under a key of CACHE_MANAGER', () => {
  let server: RedisServer;
  let client: Redis;
  let bridge: Bridge;

  beforeAll(async () => {
    server = await startRedisServer();
    client = await connect(server.url);
    bridge = await createBridge(client);
  });

  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  beforeEach(() => {
    globalThis.executed = undefined;
  });

  it.each([
    '{"value":"_function_f|function(){globalThis.executed=1}"}',
    '{"value":{"then":"_function_then|function(r){globalThis.executed=1;r(9)}"}}',
    '{"then":"_function_then|function(r){globalThis.executed=1;r(9)}"}',
    '"_function_then|function(r){globalThis.executed=1}"',
    '"\\u005ffunction_then|function(r){globalThis.executed=1}"',
    '"{","v":{"value":"_symbol_x"}',
    '"{"},"v":{"value":"_symbol_x"',
    '{"value":{"_constructor-name_":"Foo","a":1}}',
    '{"value":1}',
    '["{"]',
    '"_undefined_"',
    '5',
    'null',
    'garbage',
    '',
    '"{\\"value\\":1}',
    '\x93\x00\xff',
  ])('is a miss, removed, and nothing of it is executed: %s', async (bytes) => {
    const { cache, errors } = bridge;
    const [keyv] = cache.stores;
    const reads: [name: string, read: () => Promise<unknown>, missed: unknown][] = [
      ['get', () => cache.get('k'), undefined],
      ['mget', () => cache.mget(['k']), [undefined]],
      ['ttl', () => cache.ttl('k'), undefined],
      ['has', async () => keyv?.has('k'), false],
      ['getRaw', async () => keyv?.getRaw('k'), undefined],
    ];
    for (const [name, read, missed] of reads) {
      await client.set('prod:bots~cm:k', bytes);
      expect({ [name]: await read() }).toEqual({ [name]: missed });
      expect(await client.exists('prod:bots~cm:k')).toBe(0);
    }
    await client.set('prod:bots~cm:k', bytes);
    expect(await cache.wrap('k', () => 'loaded')).toBe('loaded');
    expect(await cache.get('k')).toBe('loaded');
    expect(globalThis.executed).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it.each([
    ['cut off', '{"value":', undefined],
    ['without a value', '{}', undefined],
    ['with a hostile string', '{"value":"_function_f|function(){}"}', '_function_f|function(){}'],
    ['with a hostile object', '{"value":{"a":"_function_f|1"}}', { a: '_function_f|1' }],
  ])('that look like a stored text are read as text: %s', async (_name, text, expected) => {
    await client.set('prod:bots~cm:k', JSON.stringify(text));
    expect(await bridge.cache.get('k')).toEqual(expected);
    expect(await bridge.cache.mget(['k'])).toEqual([expected]);
    expect(bridge.errors).toEqual([]);
  });

  it('are a miss that spoils no other read', async () => {
    await bridge.cache.set('healthy', 1);
    await client.set('prod:bots~cm:k', JSON.stringify('{"value":'));
    await client.set('prod:bots~cm:l', 'garbage');
    expect(await bridge.cache.mget(['k', 'healthy', 'l'])).toEqual([undefined, 1, undefined]);
    expect(await bridge.cache.stores[0]?.get('k')).toBeUndefined();
  });

  it('as another type of Redis are a reported miss until the next set', async () => {
    await client.del('prod:bots~cm:k');
    await client.hset('prod:bots~cm:k', 'field', 1);
    expect(await bridge.cache.get('k')).toBeUndefined();
    expect(bridge.errors.splice(0)).toMatchObject([{ operation: 'get' }]);
    await bridge.cache.set('k', 1);
    expect(await bridge.cache.get('k')).toBe(1);
  });
});
