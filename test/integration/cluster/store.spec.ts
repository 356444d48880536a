import { Redis } from 'ioredis';
import { systemClock } from '../../../src/engine/clock.js';
import { newToken } from '../../../src/engine/token.js';
import { key, pattern, type CacheKey } from '../../../src/definition/template.js';
import { RedisConnection } from '../../../src/stores/redis/redis-connection.js';
import { RedisKeys } from '../../../src/stores/redis/redis-keys.js';
import { resolveRedis } from '../../../src/stores/redis/resolve-redis.js';
import { RedisStore } from '../../../src/stores/redis/redis-store.js';
import { entryOf, put } from '../../support/entries.js';
import { startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import { describeStore } from '../../support/store-conformance.js';
import { PLAIN, sealerOf } from '../../unit/codec/support/sealing.js';

const LEASE_MS = 10_000;
const HOSTILE = [
  ...['{', '}', '{}', '{a}', 'a{b}c', '}{', '{{x}}', 'x{', '{}x', '{a}{b}'],
  ...['*', '?', '[a-z]', '\\', '%', '%7B', ':', ' ', '\r\n', '\0', '~lease:{x}', 'é', '💥', '\uD800', ''],
];

describe('RedisStore on a cluster', () => {
  let cluster: RedisClusterUnderTest;
  let masters: Redis[];
  let connection: RedisConnection;
  let store: RedisStore;
  let keys: RedisKeys;
  let namespaces = 0;
  let problems: unknown[];

  beforeAll(async () => {
    cluster = await startRedisCluster();
    masters = cluster.urls.map((url) => new Redis(url));
    const redis = resolveRedis({ cluster: cluster.urls, deadline: 5000 }, 'test');
    connection = new RedisConnection(redis, {
      ready: () => undefined,
      lost: () => undefined,
      replaced: () => undefined,
    });
    await connection.open();
  }, 60_000);

  afterAll(async () => {
    await connection?.close(5000);
    for (const master of masters ?? []) master.disconnect();
    await cluster?.stop();
  });

  beforeEach(() => {
    problems = [];
    keys = new RedisKeys(`test:${(namespaces += 1)}`);
    store = new RedisStore({
      client: connection.client,
      keys,
      clock: systemClock,
      sealer: sealerOf(PLAIN),
      // Nobody tells it of evictions: it must not learn anything.
      known: { age: 0, confirmed: () => undefined, confirm: () => undefined, forget: () => undefined },
      loadEndedMessage: (ended) => ended,
      onProblem: (_operation, error) => problems.push(error),
    });
  });

  const fresh = () => entryOf({ now: Date.now() });

  describeStore('RedisStore on a cluster', () => ({
    store,
    now: () => Date.now(),
    // Redis has a clock of its own: a key that ends after the same time tells when it has passed.
    pass: async (ms) => {
      const probe = `probe:${newToken()}`;
      await connection.client.set(probe, '', 'PX', Math.max(1, ms));
      while ((await connection.client.exists(probe)) === 1);
    },
  }));

  it('keeps the lease of a key in the slot of its entry, whatever the key holds', async () => {
    const texts: CacheKey[] = HOSTILE.flatMap((text) => [key`${text}`, key`user:${text}:x`, key`a:${text}`]);
    for (const text of texts) {
      const [entry, lease] = await Promise.all([
        masters[0]!.cluster('KEYSLOT', keys.entry(text)),
        masters[0]!.cluster('KEYSLOT', keys.lease(text)),
      ]);
      expect([text, lease]).toEqual([text, entry]);
    }
  });

  it('has nothing done together: one node that hangs would hold up what another does', () => {
    expect([store.mostReads([]), store.mostLoads]).toEqual([1, 1]);
  });

  it('sends each command to the node that has its keys, and none that spans slots', async () => {
    await expect(masters[0]!.eval('return 1', 2, 'a', 'b')).rejects.toThrow('CROSSSLOT');
    for (const master of masters) await master.config('RESETSTAT');
    const tags = ['a', 'b', 'c', 'd', 'e', 'f'];
    const names = Array.from({ length: 60 }, (_, i) => key`bot:${i}:details`);
    for (const name of names) {
      const lease = newToken();
      await store.acquire(name, lease, LEASE_MS, '');
      await store.extend(name, lease, LEASE_MS);
      const entry = entryOf({ now: Date.now(), tags, tokens: await store.tokens(tags, 60_000) });
      expect(await store.store(name, lease, entry)).toBe(true);
      expect((await store.read(name, tags)).seen).toBe(entry.id);
      const newer = { ...fresh(), tags, tokens: entry.tokens };
      expect(await store.replace(name, entry.id, newer)).toBe(true);
      await store.release(name, lease);
      await store.discard(name, newer.id);
      expect(await store.read(name, tags)).toEqual({ seen: '' });
    }
    for (const name of names) await put(store, name, fresh());
    expect(
      await store.readMany(
        names,
        names.map(() => tags),
      ),
    ).toHaveLength(names.length);
    await store.evictTags(tags);
    await store.evict(names.slice(0, 30));
    expect(await store.evictMatching(pattern`bot:*`)).toBe(30);
    expect(problems).toEqual([]);
    for (const master of masters) {
      expect(await master.info('commandstats')).toContain('cmdstat_evalsha');
      // The one error is that of a script that a node does not know yet, and then gets whole.
      const errors = [...(await master.info('errorstats')).matchAll(/^errorstat_(\w+)/gm)].map(
        ([, name]) => name,
      );
      expect(errors.filter((name) => name !== 'NOSCRIPT')).toEqual([]);
    }
  });

  it('evicts by pattern on every master', async () => {
    const names = Array.from({ length: 300 }, (_, i) => key`list:${i}`);
    await Promise.all(names.map((name) => put(store, name, fresh())));
    const of = async (master: Redis) => (await master.keys(`${keys.entry('')}*`)).length;
    for (const master of masters) expect(await of(master)).toBeGreaterThan(0);
    expect(await store.evictMatching(pattern`list:*`)).toBe(300);
    for (const master of masters) expect(await of(master)).toBe(0);
  });

  it('takes the leases away that a pattern matches, on every master', async () => {
    const names = Array.from({ length: 30 }, (_, i) => key`list:${i}`);
    for (const name of names) await store.acquire(name, 'loading', LEASE_MS, '');
    await store.evictMatching(pattern`list:*`);
    for (const name of names) expect(await store.store(name, 'loading', fresh())).toBe(false);
  });

  it('renews the first of several tags before the others', async () => {
    const tags = Array.from({ length: 20 }, (_, i) => `tag-${i}`);
    const nodes = await Promise.all(tags.map((tag) => cluster.nodeOf(keys.tag(tag))));
    const first = tags[0]!;
    const others = tags.filter((_, i) => nodes[i] !== nodes[0]);
    expect(others).not.toEqual([]);
    const before = await store.tokens(others, 60_000);
    nodes[0]!.freeze();
    try {
      await expect(store.evictTags([first, ...others])).rejects.toThrow();
      expect(await store.tokens(others, 60_000)).toEqual(before);
    } finally {
      nodes[0]!.thaw();
    }
    await until(() =>
      store.evictTags([first, ...others]).then(
        () => true,
        () => false,
      ),
    );
    for (const [i, token] of (await store.tokens(others, 60_000)).entries())
      expect(token).not.toBe(before[i]);
  });

  it('goes on after every node has forgotten its scripts', async () => {
    const names = Array.from({ length: 30 }, (_, i) => key`list:${i}`);
    for (const master of masters) await master.script('FLUSH');
    for (const name of names) expect(await put(store, name, fresh())).toBe(true);
    for (const name of names) expect((await store.read(name, [])).entry).toBeDefined();
  });

  it('follows a key whose slot moves to another master, while it moves and after', async () => {
    const there = key`moving:${'{there}'}`;
    const slot = await masters[0]!.cluster('KEYSLOT', keys.entry(there));
    const from = cluster.nodes.indexOf(await cluster.nodeOf(keys.entry(there)));
    const [source, target] = [masters[from]!, masters[(from + 1) % masters.length]!];
    const [sourceId, targetId] = [await source.cluster('MYID'), await target.cluster('MYID')];
    const entry = fresh();
    await put(store, there, entry);

    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId);
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
    expect((await store.read(there, [])).seen).toBe(entry.id);
    const { host, port } = target.options;
    await source.migrate(host!, port!, keys.entry(there), 0, 5000);
    await expect(source.get(keys.entry(there))).rejects.toThrow('ASK');
    expect((await store.read(there, [])).seen).toBe(entry.id);
    // Redis has nowhere to carry out what names both an entry that has moved and a lease that has not: it asks for
    // patience, and that must end.
    await expect(put(store, there, fresh())).rejects.toThrow('Too many Cluster redirections');
    expect((await store.read(there, [])).seen).toBe(entry.id);

    await target.cluster('SETSLOT', slot, 'NODE', targetId);
    await source.cluster('SETSLOT', slot, 'NODE', targetId);
    expect((await store.read(there, [])).seen).toBe(entry.id);
    const newer = fresh();
    await put(store, there, newer);
    expect((await store.read(there, [])).seen).toBe(newer.id);
    await store.evict([there]);
    expect(await store.read(there, [])).toEqual({ seen: '' });
    expect(problems).toEqual([]);
  });
});
