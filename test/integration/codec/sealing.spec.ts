import { deflateRawSync } from 'node:zlib';
import { Redis } from 'ioredis';
import type { Cache } from '../../../src/cache-handle.js';
import type { CacheModuleOptions } from '../../../src/cache.options.js';
import { writeEnvelope } from '../../../src/codec/envelope.js';
import type { EncryptionKey } from '../../../src/codec/key-ring.js';
import type { CachePolicy } from '../../../src/definition/define-cache.js';
import { entryOf } from '../../support/entries.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { keyOf, withByte, withChecksum } from '../../unit/codec/support/sealing.js';

type Policy = Partial<CachePolicy<readonly [id: string]>>;

/** Most bytes of an entry. Small: after large replies redis-parser keeps the process busy for a while. */
const LIMIT = 40_000;
const NAMESPACE = 'test';
const KEY = keyOf('a');
const FORMS: readonly [string, Policy][] = [
  ['plain', {}],
  ['compressed', { compress: { threshold: 1 } }],
  ['encrypted', { encrypt: true }],
  ['compressed and encrypted', { compress: { threshold: 1 }, encrypt: true }],
];

let server: RedisServer;
let client: Redis;
let engines: EngineUnderTest[];

beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.url);
});

afterAll(async () => {
  await client.quit();
  await server.stop();
});

beforeEach(async () => {
  engines = [];
  await client.flushall();
});

afterEach(async () => {
  await Promise.all(engines.map(({ runtime }) => runtime.close()));
});

async function start(
  options: Partial<CacheModuleOptions> & { keys?: EncryptionKey[] } = {},
): Promise<EngineUnderTest> {
  const { keys = [KEY], ...rest } = options;
  const engine = await startEngine({
    redis: { url: server.url, deadline: 5000 },
    namespace: NAMESPACE,
    ...(keys.length > 0 && { encryption: { keys } }),
    ...rest,
  });
  engines.push(engine);
  return engine;
}

/** The cache that all engines of a test share; its reads go to Redis. The first policy of an engine counts. */
function bots<Value = unknown>(
  engine: EngineUnderTest,
  policy: object = {},
): Cache<readonly [string], Value> {
  const cache = caches.get(engine) ?? engine.cache({ name: 'bots', l1: false, ...policy });
  caches.set(engine, cache);
  return cache as Cache<readonly [string], Value>;
}
const caches = new WeakMap<EngineUnderTest, unknown>();

const nameOf = (id: string) => `${NAMESPACE}:item:${id}`;
const bytesOf = async (id: string) => (await client.getBuffer(nameOf(id)))!;
const codesOf = ({ problems }: EngineUnderTest) =>
  problems.map(({ operation, error }) => `${operation} ${(error as { code?: string }).code}`);

const countsOf = ({ runtime }: EngineUnderTest) => [...runtime.engine.caches].map(({ counts }) => counts)[0];

/** Another text than `value`, so that nobody takes one entry for another. */
const value = (id: string) => ({
  id,
  text: `value of ${id} `.repeat(20),
  at: new Date(0),
  seen: new Map([[1, 2n]]),
});
const neverLoad = () => {
  throw new Error('the loader must not run');
};

describe.each(FORMS)('entries that are %s', (_, policy) => {
  it('are read by another instance as they were', async () => {
    const [one, other] = [await start(), await start()];
    const loaded = await bots(one, policy).getOrLoad(['1'], () => value('1'));
    expect(loaded).toEqual(value('1'));
    expect(await bots(other, policy).getOrLoad(['1'], neverLoad)).toEqual(value('1'));
    await bots(one, policy).set(['2'], value('2'));
    expect(await bots(other, policy).getMany([['1'], ['2']])).toEqual([value('1'), value('2')]);
    expect(codesOf(one)).toEqual([]);
    expect(codesOf(other)).toEqual([]);
  });

  it('live on when touched', async () => {
    const [one, other] = [await start(), await start()];
    await bots(one, policy).set(['1'], value('1'), { ttl: '10s' });
    const before = await bytesOf('1');
    expect(await bots(one, policy).touch(['1'], '1h')).toBe(true);
    expect(await bytesOf('1')).not.toEqual(before);
    expect(await client.pttl(nameOf('1'))).toBeGreaterThan(60_000);
    expect(await bots(other, policy).get('1')).toEqual(value('1'));
  });

  it('are evicted and fenced as any other', async () => {
    const [one, other] = [await start(), await start()];
    const [here, there] = [bots(one, policy), bots(other, policy)];
    await here.set(['1'], value('1'));
    await there.evict('1');
    expect(await here.get('1')).toBeUndefined();
    await here.set(['1'], value('1'));
    await there.clear();
    expect(await here.get('1')).toBeUndefined();
  });

  describe.each<[string, (bytes: Buffer, other: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['three bytes', (bytes) => bytes.subarray(0, 3)],
    ['truncated', (bytes) => bytes.subarray(0, -1)],
    ['cut off in its header', (bytes) => bytes.subarray(0, 20)],
    ['longer than it was', (bytes) => Buffer.concat([bytes, Buffer.alloc(4)])],
    ['changed', (bytes) => Buffer.concat([bytes.subarray(0, -10), Buffer.alloc(10)])],
    ['changed, with a checksum that agrees', (bytes) => withByte(bytes, 1, 0xff)],
    ['of a later format', (bytes) => withByte(bytes, 2, 0x80)],
    ["another key's", (_bytes, other) => other],
    ['JSON', () => Buffer.from('{"id":"1","text":"hello"}')],
    ['larger than the limit', () => Buffer.alloc(LIMIT + 1, 0xc1)],
    ['a bomb', bomb],
    ['in order but for its value', undecodable],
  ])('%s', (__, change) => {
    async function damaged(): Promise<{ engine: EngineUnderTest; cache: Cache<readonly [string]> }> {
      const writer = bots(await start(), policy);
      await Promise.all(['1', '2'].map((id) => writer.set([id], value(id))));
      await client.set(nameOf('1'), change(await bytesOf('1'), await bytesOf('2')), 'PX', 60_000);
      const engine = await start({ maxEntryBytes: LIMIT });
      return { engine, cache: bots(engine, policy) };
    }

    it('is missing for `get`, removed and counted', async () => {
      const { engine, cache } = await damaged();
      expect(await cache.get('1')).toBeUndefined();
      expect(await client.exists(nameOf('1'))).toBe(0);
      expect(codesOf(engine)).toEqual(['read CACHE_INVALID_ENTRY']);
      expect(countsOf(engine)).toMatchObject({ misses: 1, invalid: 1 });
      expect(await cache.get('2')).toEqual(value('2'));
    });

    it('is missing for `getMany`, removed and counted', async () => {
      const { engine, cache } = await damaged();
      expect(await cache.getMany([['1'], ['2']])).toEqual([undefined, value('2')]);
      expect(await client.exists(nameOf('1'))).toBe(0);
      expect(codesOf(engine)).toEqual(['read CACHE_INVALID_ENTRY']);
    });

    it('is loaded once and replaced', async () => {
      const { engine, cache } = await damaged();
      let loads = 0;
      const load = () => ({ ...value('1'), load: (loads += 1) });
      const callers = Array.from({ length: 10 }, () => cache.getOrLoad(['1'], load));
      for (const loaded of await Promise.all(callers)) expect(loaded).toEqual({ ...value('1'), load: 1 });
      expect(await bots(await start(), policy).getOrLoad(['1'], neverLoad)).toEqual({
        ...value('1'),
        load: 1,
      });
      expect(codesOf(engine)).toEqual(['read CACHE_INVALID_ENTRY']);
    });

    it('is removed when its reload fails', async () => {
      const { cache } = await damaged();
      const error = new Error('database gone');
      await expect(cache.getOrLoad(['1'], () => Promise.reject(error))).rejects.toBe(error);
      expect(await client.exists(nameOf('1'))).toBe(0);
    });
  });
});

it.each(FORMS.filter(([, { compress }]) => compress))(
  'large entries are left to the thread pool: %s',
  async (_, policy) => {
    const [one, other] = [await start(), await start()];
    const large = Array.from({ length: 15_000 }, () => ({ id: 1, status: 'running', name: 'the same bot' }));
    expect(await bots(one, policy).getOrLoad(['1'], () => large)).toEqual(large);
    expect((await bytesOf('1')).length).toBeLessThan(LIMIT);
    expect(await bots(other, policy).getOrLoad(['1'], neverLoad)).toEqual(large);
  },
);

/** 20 MB in 20 KB, with a header that is right. */
function bomb(): Buffer {
  const entry = entryOf({ now: Date.now(), cache: 'bots' });
  return writeEnvelope(entry, { inflatedBytes: LIMIT }, BOMB, nameOf('1'));
}
const BOMB = deflateRawSync(Buffer.alloc(20 * 1024 * 1024), { level: 9 });

/** An entry with a right header and checksum, whose value no codec can read. */
function undecodable(): Buffer {
  return writeEnvelope(
    entryOf({ now: Date.now(), cache: 'bots' }),
    {},
    Buffer.from([0xdc, 0xff]),
    nameOf('1'),
  );
}

describe('an encrypted cache', () => {
  const policy = { encrypt: true };

  it('shows nothing of its values in Redis', async () => {
    const cache = bots(await start(), { encrypt: true, compress: false });
    await cache.set(['1'], { password: 'correct horse battery staple' });
    const bytes = await bytesOf('1');
    expect(bytes.includes('horse')).toBe(false);
    expect(bytes.includes('password')).toBe(false);
  });

  it('reads nothing that somebody else has put there', async () => {
    const writer = await start();
    await bots(writer, policy).set(['1'], value('1'));
    await bots(writer, policy).set(['2'], value('2'));
    const [good, other] = [await bytesOf('1'), await bytesOf('2')];
    const plain = bots(await start(), { encrypt: false });
    const ofOtherCache = (await start()).cache({ name: 'bots-2', l1: false });
    const withOtherKey = bots(await start({ keys: [keyOf('a', 1)] }), policy);

    const attacks: [string, () => Promise<unknown>][] = [
      [
        "another key's entry, its checksum mended",
        () => client.set(nameOf('1'), withChecksum(other, nameOf('1'))),
      ],
      ['an entry of their own, not encrypted', () => plain.set(['1'], 'forged')],
      ['an entry of their own, encrypted with their key', () => withOtherKey.set(['1'], 'forged')],
      ['a longer life', () => client.set(nameOf('1'), withByte(good, 19, 0x01))],
    ];
    for (const [what, attack] of attacks) {
      await client.del(nameOf('1'));
      await attack();
      const reader = await start();
      expect([what, await bots(reader, policy).get('1')]).toEqual([what, undefined]);
      expect([what, codesOf(reader)]).toEqual([what, ['read CACHE_INVALID_ENTRY']]);
      expect([what, await client.exists(nameOf('1'))]).toEqual([what, 0]);
    }

    // The entry of a cache that is not encrypted is one, but not of this cache.
    await ofOtherCache.set(['1'], 'forged');
    const reader = await start();
    reader.cache({ name: 'bots-2' });
    expect(await bots(reader, policy).get('1')).toBeUndefined();
    expect(await bots(reader, policy).getOrLoad(['1'], () => value('1'))).toEqual(value('1'));
  });

  it('changes its key without missing an entry', async () => {
    const [old, fresh] = [keyOf('old'), keyOf('new')];
    const before = bots(await start({ keys: [old] }), policy);
    const during = bots(await start({ keys: [old, fresh] }), policy);
    const after = bots(await start({ keys: [fresh, old] }), policy);
    await before.set(['1'], 'by the old key');
    await after.set(['2'], 'by the new key');
    expect(await during.getMany([['1'], ['2']])).toEqual(['by the old key', 'by the new key']);
    expect(await after.getMany([['1'], ['2']])).toEqual(['by the old key', 'by the new key']);

    const end = await start({ keys: [fresh] });
    expect(await bots(end, policy).getMany([['1'], ['2']])).toEqual([undefined, 'by the new key']);
    expect(codesOf(end)).toEqual(['read CACHE_INVALID_ENTRY']);
    expect(await client.exists(nameOf('1'), nameOf('2'))).toBe(1);
  });

  it('keeps values in memory as they are, and gets them there from Redis', async () => {
    const [one, other] = [await start(), await start()];
    await bots(one, policy).getOrLoad(['1'], () => value('1'));
    const cache = bots(other, { ...policy, l1: {} });
    expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l2', value: value('1') });
    expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l1', value: value('1') });
  });

  it('needs keys where it stores in Redis', async () => {
    const engine = await start({ keys: [] });
    expect(() => bots(engine, policy)).toThrow(
      expect.objectContaining({
        code: 'CACHE_INVALID_OPTION',
        message: expect.stringMatching(
          /^Expected `encrypt` of cache `bots` to be false .*CACHE_ENCRYPTION_KEYS/,
        ),
      }),
    );
    const local = engine.cache({ encrypt: true, l2: false });
    expect(await local.getOrLoad(['1'], () => 'value')).toBe('value');
    const inMemory = await startEngine({ defaults: { encrypt: true } });
    expect(await inMemory.cache().getOrLoad(['1'], () => 'value')).toBe('value');
    await inMemory.runtime.close();
  });

  it('may be all of them by default, and one may be none of them', async () => {
    const engine = await start({ defaults: { encrypt: true } });
    await engine.cache().set(['1'], 'horse');
    expect((await bytesOf('1')).includes('horse')).toBe(false);
    await engine.cache({ encrypt: false }).set(['2'], 'horse');
    expect((await bytesOf('2')).includes('horse')).toBe(true);
  });
});

describe('a value that is too large', () => {
  const large = 'x'.repeat(5000);
  const options = { maxEntryBytes: 2000 };

  it('is returned, not stored, and reported', async () => {
    const engine = await start(options);
    const cache = engine.cache<string>({ name: 'pages' });
    expect(await cache.getOrLoad(['1'], () => large)).toBe(large);
    expect(await client.exists(nameOf('1'))).toBe(0);
    expect(await cache.get('1')).toBeUndefined();
    expect(codesOf(engine)).toEqual(['store CACHE_UNCACHEABLE_VALUE']);
    expect(String(engine.problems[0]?.error)).toContain('cache `pages`');
    // The lease did not outlive the load.
    expect(await cache.getOrLoad(['1'], () => 'small')).toBe('small');
    expect(await cache.getOrLoad(['1'], neverLoad)).toBe('small');
  });

  it('that is put evicts what was there, and nothing else', async () => {
    const engine = await start(options);
    const cache = engine.cache<string>({ name: 'pages' });
    await Promise.all(['1', '2'].map((id) => cache.set([id], 'small')));
    await cache.set(['1'], large);
    expect(await cache.get('1')).toBeUndefined();
    expect(await cache.get('2')).toBe('small');
    expect(codesOf(engine)).toEqual(['store CACHE_UNCACHEABLE_VALUE']);
  });
});

describe('revive, on Redis', () => {
  class Bot {
    constructor(readonly name: string) {}
    greet(): string {
      return `I am ${this.name}`;
    }
  }
  const revive = (plain: { name: string }): Bot => {
    if (plain.name === 'unknown') throw new Error('no such bot');
    return new Bot(plain.name);
  };

  it('makes instances of what another instance has stored', async () => {
    const [one, other] = [await start(), await start()];
    expect((await bots<Bot>(one, { revive }).getOrLoad(['1'], () => new Bot('Ada'))).greet()).toBe(
      'I am Ada',
    );
    const cache = bots<Bot>(other, { revive, l1: {} });
    for (const tier of ['l2', 'l1']) {
      const found = await cache.lookup('1');
      expect(found).toMatchObject({ hit: true, tier });
      expect(found.hit && found.value.greet()).toBe('I am Ada');
    }
    const many = await bots<Bot>(await start(), { revive }).getMany([['1'], ['2']]);
    expect(many.map((bot) => bot?.greet())).toEqual(['I am Ada', undefined]);
  });

  it('loads anew what it cannot revive', async () => {
    await bots(await start()).set(['1'], { name: 'unknown' });
    const engine = await start();
    const cache = bots<Bot>(engine, { revive });
    expect(await cache.get('1')).toBeUndefined();
    expect(engine.problems).toEqual([{ operation: 'read', error: new Error('no such bot') }]);
    expect(await cache.touch(['1'])).toBe(false);
    await bots(await start()).set(['1'], { name: 'unknown' });
    expect((await cache.getOrLoad(['1'], () => new Bot('Ada'))).greet()).toBe('I am Ada');
    expect((await bots<Bot>(await start(), { revive }).getOrLoad(['1'], neverLoad)).greet()).toBe('I am Ada');
  });
});
