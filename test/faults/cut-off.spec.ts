import type { Cache } from '../../src/cache-handle.js';
import { key, pattern, tag } from '../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { askAt } from '../support/fault-place.js';
import { until } from '../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { EVERYTHING } from '../../src/engine/bound-cache.js';

type Items = Cache<readonly [id: string], string>;

const NAMESPACE = 'outage';
/** Evictions that wait at most. */
const MOST_QUEUED = 10_000;
const BATCH = 500;
const KEPT = ['1', '2', '3', `${MOST_QUEUED}`];

describe('what is evicted by a process that can’t reach Redis', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let cutOff: EngineUnderTest;
  let other: EngineUnderTest;
  let evicted: Items;
  let read: Items;

  beforeEach(async () => {
    server = await startRedisServer();
    proxy = await TcpProxy.start(server.port);
    [cutOff, other] = await Promise.all([
      startEngine({ redis: proxy.url, namespace: NAMESPACE }),
      startEngine({ redis: server.url, namespace: NAMESPACE }),
    ]);
    const spec = {
      name: 'items',
      key: (id: string) => key`item:${id}`,
      tags: (id: string) => [tag`item:${id}`],
    };
    evicted = cutOff.cache(spec);
    read = other.cache(spec);
    for (const id of KEPT) {
      await read.set([id], 'old');
      expect(await evicted.get(id)).toBe('old');
    }
    proxy.set({ kind: 'cut' });
    await until(() => !cutOff.runtime.redis!.connection.ready);
  });

  afterEach(async () => {
    await Promise.all([cutOff, other].map(({ runtime }) => runtime.close()));
    await proxy.close();
    await server.stop();
  });

  /** Repairs the connection; resolves when everything has been made good. */
  async function back(): Promise<void> {
    proxy.pass();
    const { connection, guard, bus } = cutOff.runtime.redis!;
    await until(async () => connection.ready && bus.armed && (await guard.catchUp()));
    expect(guard.queued).toBe(0);
  }

  /** What a process reads all the time, once for each change. */
  function watch(items: Items): { readonly seen: string[]; stop(): Promise<void> } {
    const seen: string[] = [];
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        const value = (await items.get('1')) ?? 'nothing';
        if (value !== seen.at(-1)) seen.push(value);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return {
      seen,
      stop: () => {
        over.abort();
        return watching;
      },
    };
  }

  it.each<[string, () => Promise<unknown>]>([
    ['a key', () => evicted.evict('1')],
    ['several keys', () => evicted.evictMany([['1'], ['2']])],
    ['a tag', () => cutOff.runtime.engine.writes.evictTags([tag`item:1`])],
    ['a pattern', () => cutOff.runtime.engine.writes.evictMatching(pattern`item:1*`)],
    ['a cache', () => evicted.clear()],
    ['everything', () => cutOff.runtime.engine.writes.evictTags([EVERYTHING])],
    ['a value that is put in its place', () => evicted.set(['1'], 'new')],
  ])('is made good: %s', async (_, evict) => {
    const others = watch(read);
    await evict();
    const own = watch(evicted);
    expect(cutOff.runtime.redis?.guard.queued).toBeGreaterThan(0);
    expect(await evicted.getOrLoad(['1'], () => 'new')).toBe('new');
    await back();
    await until(() => others.seen.at(-1) !== 'old');
    expect(await evicted.getOrLoad(['1'], () => 'new')).toBe('new');
    await until(() => others.seen.at(-1) === 'new');
    await Promise.all([own.stop(), others.stop()]);
    expect(own.seen).not.toContain('old');
    // Once it is gone it does not come back.
    expect(others.seen.filter((value) => value === 'old')).toEqual(['old']);
  });

  it('is everything, when it is too much to remember one by one', async () => {
    const { guard } = cutOff.runtime.redis!;
    let most = 0;
    for (let from = 0; from < MOST_QUEUED + BATCH; from += BATCH) {
      // '1' and '2' are not among them, and go all the same.
      await evicted.evictMany(Array.from({ length: BATCH }, (_, i) => [String(10 + from + i)] as const));
      most = Math.max(most, guard.queued);
    }
    expect(most).toBe(MOST_QUEUED);
    expect(guard.queued).toBe(1);
    await evicted.evict('2');
    expect(guard.queued).toBe(1);

    await askAt(server.url, (client) => client.config('RESETSTAT'));
    await back();
    const stats = await askAt(server.url, (client) => client.info('commandstats'));
    expect(stats).not.toContain('cmdstat_unlink');
    for (const id of KEPT) {
      expect(await evicted.get(id)).toBeUndefined();
      expect(await read.get(id)).toBeUndefined();
      expect(await evicted.getOrLoad([id], () => 'new')).toBe('new');
      expect(await read.get(id)).toBe('new');
    }
  });
});
