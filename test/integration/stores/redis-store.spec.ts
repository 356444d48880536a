import { Redis } from 'ioredis';
import { newToken } from '../../../src/engine/token.js';
import { systemClock } from '../../../src/engine/clock.js';
import { pattern } from '../../../src/definition/template.js';
import { RedisKeys } from '../../../src/stores/redis/redis-keys.js';
import { RedisStore } from '../../../src/stores/redis/redis-store.js';
import type { Unfinished } from '../../../src/stores/store.js';
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
      expect(await callsOf('evalsha')).toBe(4);
      expect(store.mostReads([])).toBe(3);
      const other = storeOf(namespace);
      expect(await other.readMany(['e'], [[]])).toMatchObject([{ seen: loaded[4]!.entry.id }]);
      expect(other.mostReads([])).toBe(100);
      await other.read('a', []);
      expect(other.mostReads([])).toBe(9);
      await other.readMany(['d'], [[]]);
      expect(other.mostReads([])).toBe(3);
    });

    it('leaves to each what only it needs', async () => {
      const [token] = await store.tokens(['t'], 60_000);
      const entries = [
        entryOf({ now: Date.now() }),
        entryOf({ now: Date.now(), tags: ['t'], tokens: [token!] }),
        entryOf({ now: Date.now(), tags: ['t'], tokens: ['evicted'] }),
      ];
      for (const [i, entry] of entries.entries()) await put(store, `${i}`, entry);
      await client.set(`${namespace}:3`, 'a stranger’s');
      const keys = ['0', '1', '2', '3', '4'];
      await client.config('RESETSTAT');
      const founds = await store.readMany(
        keys,
        keys.map(() => []),
      );
      expect(await callsOf('mget')).toBe(1);
      const plain = {
        entry: expect.objectContaining({ id: entries[0]!.id }) as unknown,
        seen: entries[0]!.id,
      };
      const rest = expect.any(Function) as unknown;
      expect(founds).toEqual([plain, rest, rest, rest, { seen: '' }]);
      expect(problems).toEqual([]);
      expect(await finished(founds)).toEqual([
        plain,
        { entry: expect.objectContaining({ id: entries[1]!.id }) as unknown, seen: entries[1]!.id },
        { seen: entries[2]!.id },
        { seen: '', invalid: true },
        { seen: '' },
      ]);
      expect(problems).toEqual(['read']);
      await client.del(`${namespace}:3`);
      const acquired = await store.acquireMany(keys.map((key) => wish(key)));
      expect(acquired).toEqual([
        { kind: 'filled', found: plain },
        rest,
        rest,
        { kind: 'granted' },
        { kind: 'granted' },
      ]);
      expect((await finished(acquired)).map(({ kind }) => kind)).toEqual([
        'filled',
        'filled',
        'filled',
        'granted',
        'granted',
      ]);
    });

    it('uses no reply unless all make sense', async () => {
      await put(store, 'a', entryOf({ now: Date.now(), tags: ['t'], tokens: ['token'] }));
      const odd = client.duplicate();
      const mget = odd.mgetBuffer.bind(odd) as (names: string[]) => Promise<(Buffer | null)[]>;
      odd.mgetBuffer = async (names: never) => [(await mget(names))[0], 7] as never;
      await client.config('RESETSTAT');
      await expect(storeOf(namespace, odd).readMany(['a', 'b'], [[], []])).rejects.toThrow(TypeError);
      await odd.quit();
      // That of the entries, and none for the token of the first one.
      expect(await callsOf('mget')).toBe(1);
    });

    it('brings a limited amount of what others have stored, and has the rest read by itself', async () => {
      const keys = ['a', 'b', 'c', 'd'];
      for (const key of keys)
        await put(store, key, entryOf({ now: Date.now(), payload: Buffer.alloc(300_000) }));
      const acquired = await store.acquireMany([...keys, 'free'].map((key) => wish(key)));
      const rest = expect.any(Function) as unknown;
      const filled = expect.objectContaining({ kind: 'filled' }) as unknown;
      expect(acquired).toEqual([filled, filled, rest, rest, { kind: 'granted' }]);
      for (const each of (await finished(acquired)).slice(0, 4)) {
        expect(each).toMatchObject({ kind: 'filled', found: { entry: { payload: { length: 300_000 } } } });
      }
    });

    it('answers the others when Redis is too full for one lease', async () => {
      const there = entryOf({ now: Date.now() });
      await put(store, 'filled', there);
      await store.acquire('held', newToken(), 10_000, '');
      await store.acquire('held', newToken(), 10_000, '');
      const names = ['free', 'filled', 'held'];
      await client.config('SET', 'maxmemory', '1');
      try {
        const [free, ...others] = await store.acquireMany(names.map((name) => wish(name)));
        expect(others).toMatchObject([{ kind: 'filled', found: { seen: there.id } }, { kind: 'held' }]);
        await expect(finished([free!])).rejects.toThrow('OOM');
        await expect(store.acquireMany([wish('a'), wish('b')])).rejects.toThrow('OOM');
      } finally {
        await client.config('SET', 'maxmemory', '0');
      }
    });

    describe('for a user who may not do everything', () => {
      const as = async (rule: string) => {
        await client.acl('SETUSER', 'app', 'reset', 'on', '>secret', '~*', '&*', '+@all', rule);
        const app = new Redis(server.url, { username: 'app', password: 'secret' });
        return { app, restricted: storeOf(namespace, app) };
      };
      const loadOf = ({ key, lease }: { key: string; lease: string }, payload = 10) => ({
        key,
        lease,
        entry: entryOf({ now: Date.now(), payload: Buffer.alloc(payload) }),
      });

      it('stores all though nobody can be told', async () => {
        const wishes = ['a', 'b', 'c'].map((name) => wish(name));
        await store.acquireMany(wishes);
        await store.acquire('b', newToken(), 10_000, '');
        const { app, restricted } = await as('-publish');
        const loaded = wishes.map((each) => loadOf(each));
        expect(await restricted.storeMany(loaded)).toEqual([true, true, true]);
        await app.quit();
        expect(problems).toEqual(['publish']);
        for (const { key, entry } of loaded) expect((await store.read(key, [])).seen).toBe(entry.id);
      });

      it('stores the others though one can neither be stored nor removed', async () => {
        const wishes = ['a', 'b', 'c'].map((name) => wish(name));
        await store.acquireMany(wishes);
        const { app, restricted } = await as('-unlink');
        const loaded = wishes.map((each, i) => loadOf(each, i === 1 ? 8 * 1024 * 1024 + 1 : 10));
        const [a, b, c] = await restricted.storeMany(loaded);
        await app.quit();
        expect([a, c]).toEqual([true, true]);
        await expect(finished([b!])).rejects.toThrow('NOPERM');
      });
    });

    it('evicts many with few commands', async () => {
      const keys = Array.from({ length: 600 }, (_, i) => `${i}`);
      for (const key of keys.slice(0, 300)) await put(store, key, entryOf({ now: Date.now() }));
      await store.acquireMany(keys.slice(250, 350).map((key) => wish(key)));
      await client.config('RESETSTAT');
      await store.evict(keys);
      expect(await callsOf('unlink')).toBe(3);
      expect(await client.keys(`${namespace}*`)).toEqual([]);
      await store.evict([]);
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

  function finished<T>(all: readonly Unfinished<T>[]): Promise<T[]> {
    return Promise.all(all.map((each) => (typeof each === 'function' ? (each as () => Promise<T>)() : each)));
  }

  async function callsOf(command: string): Promise<number> {
    const stats = await client.info('commandstats');
    return Number(new RegExp(`_${command}:calls=(\\d+)`).exec(stats)?.[1]);
  }

  function storeOf(of: string, through = client): RedisStore {
    return new RedisStore({
      client: through,
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
