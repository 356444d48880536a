import { Redis } from 'ioredis';
import { newToken } from '../../../src/engine/token.js';
import { systemClock } from '../../../src/engine/clock.js';
import { pattern } from '../../../src/definition/template.js';
import { RedisKeys } from '../../../src/stores/redis/redis-keys.js';
import { RedisStore } from '../../../src/stores/redis/redis-store.js';
import { entryOf, put } from '../../support/entries.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { describeStore } from '../../support/store-conformance.js';
import { PLAIN, sealerOf } from '../../unit/codec/support/sealing.js';

describe('RedisStore', () => {
  let server: RedisServer;
  let client: Redis;
  let store: RedisStore;
  let problems: string[];
  /** What this process knows of tags; it learns nothing by itself. */
  let known: Map<string, string>;
  let namespaces = 0;
  let namespace: string;

  beforeAll(async () => {
    server = await startRedisServer();
    client = new Redis(server.url);
  });

  afterAll(async () => {
    await client.quit();
    await server.stop();
  });

  beforeEach(() => {
    problems = [];
    known = new Map();
    namespace = `test:${(namespaces += 1)}`;
    store = storeOf(namespace);
  });

  describeStore('RedisStore', () => ({
    store,
    now: () => Date.now(),
    // Redis has a clock of its own: a key that ends after the same time tells when it has passed.
    pass: async (ms) => {
      const probe = `probe:${newToken()}`;
      await client.set(probe, '', 'PX', Math.max(1, ms));
      while ((await client.exists(probe)) === 1);
    },
  }));

  it('gives every key a ttl, entries for ever aside', async () => {
    const now = Date.now();
    const tokens = await store.tokens(['a', 'b'], 60_000);
    await put(store, 'key', entryOf({ now, tags: ['a', 'b'], tokens }));
    await store.acquire('other', newToken(), 10_000, '');
    await store.evictTags(['a', 'c']);
    const names = await client.keys(`${namespace}*`);
    expect(names).toHaveLength(5);
    for (const name of names) expect(await client.pttl(name)).toBeGreaterThan(0);
  });

  it('keeps the token of a tag at least as long as the entries that carry it', async () => {
    await store.tokens(['a'], 1_000);
    expect(await client.pttl(`${namespace}~tag:a`)).toBeGreaterThan(1_000);
    await store.tokens(['a'], 3_600_000);
    expect(await client.pttl(`${namespace}~tag:a`)).toBeGreaterThan(3_600_000);
    await store.tokens(['a'], Infinity);
    expect(await client.pttl(`${namespace}~tag:a`)).toBe(-1);
    await store.evictTags(['a']);
    await store.tokens(['a'], Infinity);
    expect(await client.pttl(`${namespace}~tag:a`)).toBe(-1);
  });

  it.each([0, -1, 0.001])('gives the token of a tag a ttl when it is needed for %d ms', async (lifetime) => {
    await store.tokens(['a'], lifetime);
    await store.tokens(['b'], lifetime, 'exact');
    for (const name of ['a', 'b']) expect(await client.pttl(`${namespace}~tag:${name}`)).not.toBe(-1);
  });

  it('takes a missing tag token for an eviction', async () => {
    const tokens = await store.tokens(['a'], 60_000);
    await put(store, 'key', entryOf({ now: Date.now(), tags: ['a'], tokens }));
    await client.del(`${namespace}~tag:a`);
    expect((await store.read('key', ['a'])).entry).toBeUndefined();
    await store.tokens(['a'], 60_000);
    expect((await store.read('key', ['a'])).entry).toBeUndefined();
  });

  it.each([
    ['text', (name: string) => client.set(name, 'hello')],
    ['an empty text', (name: string) => client.set(name, '')],
    ['JSON', (name: string) => client.set(name, '{"a":1}')],
    ['bytes', (name: string) => client.set(name, Buffer.from([0xc1, 1, 0, 1, 2, 3]))],
    ['a list', (name: string) => client.rpush(name, 'x')],
    ['a hash', (name: string) => client.hset(name, 'a', 'b')],
  ])('takes %s of a stranger for a miss, and stores over it', async (_, write) => {
    await write(`${namespace}:key`);
    const found = await store.read('key', []);
    expect(found.entry).toBeUndefined();
    const lease = newToken();
    expect(await store.acquire('key', lease, 10_000, found.seen)).toEqual({ kind: 'granted' });
    const entry = entryOf({ now: Date.now() });
    expect(await store.store('key', lease, entry)).toBe(true);
    expect((await store.read('key', [])).seen).toBe(entry.id);
    expect(problems).toEqual(['read']);
  });

  it.each([
    ['a list', (name: string) => client.rpush(name, 'x')],
    ['a hash', (name: string) => client.hset(name, 'a', 'b')],
  ])('takes %s of a stranger out of the way of a load that has not read it', async (_, write) => {
    await write(`${namespace}:key`);
    expect(await store.readMany(['key'], [[]])).toEqual([{ seen: '' }]);
    const lease = newToken();
    expect(await store.acquire('key', lease, 10_000, '')).toEqual({ kind: 'granted' });
    expect(await client.exists(`${namespace}:key`)).toBe(0);
    expect(await store.store('key', lease, entryOf({ now: Date.now() }))).toBe(true);
  });

  describe('with many at once', () => {
    const wish = (name: string, seen = '') => ({ key: name, lease: newToken(), leaseMs: 10_000, seen });

    it('takes each lease for itself, whatever lies in the way of others', async () => {
      const there = entryOf({ now: Date.now() });
      await put(store, 'filled', there);
      await put(store, 'seen', there);
      await store.acquire('held', newToken(), 10_000, '');
      await client.rpush(`${namespace}:list`, 'x');
      await client.rpush(`${namespace}~lease:{${namespace}:strange}`, 'x');
      const names = ['free', 'filled', 'held', 'list', 'strange', 'seen', 'last'];
      const wishes = names.map((name) => wish(name, name === 'seen' ? there.id : ''));
      const [free, filled, held, ...others] = await store.acquireMany(wishes);
      expect(free).toEqual({ kind: 'granted' });
      expect(filled).toMatchObject({ kind: 'filled', found: { seen: there.id } });
      expect(held).toEqual({ kind: 'held', forMs: expect.any(Number) as number });
      expect(others).toEqual(['list', 'strange', 'seen', 'last'].map(() => ({ kind: 'granted' })));
      for (const { key, lease } of wishes) {
        const mine = await client.get(`${namespace}~lease:{${namespace}:${key}}`);
        expect([key, mine === lease]).toEqual([key, key !== 'filled' && key !== 'held']);
      }
    });

    it('stores each with its own lease as fence, and ends that', async () => {
      const wishes = ['a', 'b', 'c', 'd'].map((name) => wish(name));
      await store.acquireMany(wishes);
      await store.evict(['b']);
      await client.del(`${namespace}~lease:{${namespace}:c}`);
      await client.rpush(`${namespace}~lease:{${namespace}:c}`, 'x');
      const loaded = wishes.map(({ key, lease }) => ({ key, lease, entry: entryOf({ now: Date.now() }) }));
      expect(await store.storeMany(loaded)).toEqual([true, false, false, true]);
      for (const { key, entry } of loaded) {
        const isThere = (await store.read(key, [])).seen === entry.id;
        expect([key, isThere]).toEqual([key, key === 'a' || key === 'd']);
      }
      for (const name of ['a', 'b', 'd']) {
        expect(await client.exists(`${namespace}~lease:{${namespace}:${name}}`)).toBe(0);
      }
    });

    it('stores each for its own time, and leaves out what is over by then', async () => {
      const wishes = ['short', 'over', 'ever'].map((name) => wish(name));
      await store.acquireMany(wishes);
      const ttls = [60_000, -1, Infinity];
      const loaded = wishes.map(({ key, lease }, i) => ({
        key,
        lease,
        entry: entryOf({ now: Date.now(), ttl: ttls[i]! }),
      }));
      expect(await store.storeMany(loaded)).toEqual([true, false, true]);
      const left = await client.pttl(`${namespace}:short`);
      expect([left > 50_000, left <= 60_000]).toEqual([true, true]);
      expect(await client.pttl(`${namespace}:ever`)).toBe(-1);
      expect(await client.keys(`${namespace}*lease*`)).toEqual([]);
    });

    it('stores in several steps what would take Redis long, and reads fewer at a time the larger they are', async () => {
      expect(store.mostReads).toBe(100);
      const wishes = ['a', 'b', 'c', 'd', 'e'].map((name) => wish(name));
      await store.acquireMany(wishes);
      const payloads = [200_000, 200_000, 200_000, 600_000, 10];
      const loaded = wishes.map(({ key, lease }, i) => ({
        key,
        lease,
        entry: entryOf({ now: Date.now(), payload: Buffer.alloc(payloads[i]!) }),
      }));
      await client.config('RESETSTAT');
      expect(await store.storeMany(loaded)).toEqual(loaded.map(() => true));
      expect(/evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]).toBe('4');
      const keys = loaded.map(({ key }) => key);
      const founds = await store.readMany(
        keys,
        keys.map(() => []),
      );
      expect(founds.map(({ seen }) => seen)).toEqual(loaded.map(({ entry }) => entry.id));
      const { mostReads: before } = store;
      expect(before).toBeLessThan(100);
      await store.read('d', []);
      expect(store.mostReads).toBeLessThan(before);
    });

    it('tells who waits for one of them', async () => {
      const listener = client.duplicate();
      const messages: string[] = [];
      await listener.subscribe(`${namespace}~bus`);
      listener.on('message', (_channel, message: string) => messages.push(message));
      const wishes = ['a', 'b', 'c'].map((name) => wish(name));
      await store.acquireMany(wishes);
      expect((await store.acquireMany([wish('b')]))[0]).toMatchObject({ kind: 'held' });
      await store.storeMany(
        wishes.map(({ key, lease }) => ({ key, lease, entry: entryOf({ now: Date.now() }) })),
      );
      await client.publish(`${namespace}~bus`, 'last');
      while (messages.at(-1) !== 'last') await new Promise((resolve) => setImmediate(resolve));
      expect(messages).toEqual(['b', 'last']);
      listener.disconnect();
    });
  });

  it('goes on after Redis has forgotten its scripts', async () => {
    await put(store, 'key', entryOf({ now: Date.now() }));
    await client.script('FLUSH');
    const entry = entryOf({ now: Date.now() });
    await put(store, 'key', entry);
    expect((await store.read('key', [])).seen).toBe(entry.id);
  });

  it('leaves the keys of other namespaces alone', async () => {
    const stranger = storeOf(`${namespace}x`);
    await put(stranger, 'bot:1', entryOf({ now: Date.now() }));
    await put(store, 'bot:1', entryOf({ now: Date.now() }));
    expect(await store.evictMatching(pattern`bot:*`)).toBe(1);
    expect((await stranger.read('bot:1', [])).entry).toBeDefined();
  });

  it('evicts thousands by a pattern in few commands, none of which holds up others, and counts entries', async () => {
    const fill = `for i = 1, 8000 do
      if i % 4 > 0 then redis.call('SET', ARGV[1] .. ':bot:' .. i, 'entry') end
      if i % 4 < 2 then redis.call('SET', ARGV[1] .. '~lease:{' .. ARGV[1] .. ':bot:' .. i .. '}', 'lease') end
    end`;
    await client.eval(fill, 0, namespace);
    await client.config('SET', 'slowlog-max-len', 1_000_000, 'slowlog-log-slower-than', 0);
    await client.slowlog('RESET');
    expect(await store.evictMatching(pattern`bot:*`)).toBe(6_000);
    await client.config('SET', 'slowlog-log-slower-than', -1);
    const log = (await client.slowlog('GET', -1)) as [number, number, number, string[]][];
    const sizes = log.filter(([, , , [command]]) => command === 'unlink').map(([, , , call]) => sizeOf(call));
    expect(sizes.length).toBeLessThan(200);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(await client.keys(`${namespace}*`)).toEqual([]);
  });

  /** How many keys a command names, of which the log tells the first ones. */
  function sizeOf(call: readonly string[]): number {
    const more = /^\.\.\. \((\d+) more arguments\)$/.exec(call.at(-1) ?? '');
    return more === null ? call.length - 1 : call.length - 2 + Number(more[1]);
  }

  it('asks Redis before it takes an entry for evicted because of a token that it knows', async () => {
    const [outdated] = await store.tokens(['a'], 60_000);
    known.set('a', outdated!);
    await client.del(`${namespace}~tag:a`);
    const tokens = await storeOf(namespace).tokens(['b'], 60_000);
    await client.set(`${namespace}~tag:a`, 'made by another instance', 'PX', 60_000);
    await put(
      store,
      'key',
      entryOf({ now: Date.now(), tags: ['a', 'b'], tokens: ['made by another instance', ...tokens] }),
    );
    expect((await store.read('key', ['a', 'b'])).entry).toBeDefined();
    expect(known.get('a')).toBe('made by another instance');
  });

  it('asks for tokens that it knows when they have to be exact', async () => {
    const [outdated] = await store.tokens(['a'], 60_000);
    known.set('a', outdated!);
    await storeOf(namespace).evictTags(['a']);
    expect(await store.tokens(['a'], 60_000)).toEqual([outdated]);
    const [token] = await store.tokens(['a'], 60_000, 'exact');
    expect(token).not.toBe(outdated);
    expect(known.get('a')).toBe(token);
  });

  it('does not ask for tokens that it knows, and that live long enough', async () => {
    const [token] = await store.tokens(['a'], 60_000);
    known.set('a', token!);
    const before = await commandsProcessed();
    expect(await store.tokens(['a'], 60_000)).toEqual([token]);
    expect((await commandsProcessed()) - before - 1).toBe(0);
    expect(await store.tokens(['a'], 3_600_000)).toEqual([token]);
    expect(await client.pttl(`${namespace}~tag:a`)).toBeGreaterThan(3_600_000);
  });

  it('sends one round trip for a hit with tags', async () => {
    const tags = ['a', 'b', 'c'];
    await put(store, 'key', entryOf({ now: Date.now(), tags, tokens: await store.tokens(tags, 60_000) }));
    const before = await commandsProcessed();
    await store.read('key', tags);
    // GET and MGET; the other one is the INFO that counts.
    expect((await commandsProcessed()) - before - 1).toBe(2);
  });

  function storeOf(of: string): RedisStore {
    return new RedisStore({
      client,
      keys: new RedisKeys(of),
      clock: systemClock,
      sealer: sealerOf(PLAIN),
      known: {
        age: 0,
        confirmed: (tag) => known.get(tag),
        confirm: (tag, token) => {
          if (known.has(tag)) known.set(tag, token);
        },
        forget: (tag) => known.delete(tag),
      },
      loadEndedMessage: (key) => key,
      onProblem: (operation) => problems.push(operation),
    });
  }

  async function commandsProcessed(): Promise<number> {
    return Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  }
});
