import type { Cache } from '../../src/cache-handle.js';
import { key } from '../../src/definition/template.js';
import { newToken } from '../../src/engine/token.js';
import { startEngine, ManualLoader, type EngineUnderTest } from '../support/engine.js';
import { askAt } from '../support/fault-place.js';
import { until } from '../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

type Items = Cache<readonly [id: string], string>;

/** What a call may wait for Redis in all, and what a busy machine may add, milliseconds. */
const PATIENCE_MS = 100 + 400;
const LEASE_MS = 3000;

describe('what was sent to Redis in vain and arrives late', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let cut: EngineUnderTest;
  let well: EngineUnderTest;
  let cutItems: Items;
  let items: Items;

  beforeEach(async () => {
    server = await startRedisServer();
    proxy = await TcpProxy.start(server.port);
    [cut, well] = await Promise.all([
      startEngine({ redis: proxy.url, namespace: 'late' }),
      startEngine({ redis: server.url, namespace: 'late' }),
    ]);
    const spec = { name: 'items', key: (id: string) => key`item:${id}` };
    cutItems = cut.cache(spec);
    items = well.cache(spec);
    // A script that Redis does not know would be refused, and not sent again.
    await items.set(['0'], 'known');
    await items.getOrLoad(['00'], () => 'known');
    await items.evict('00');
  });

  afterEach(async () => {
    await Promise.all([cut, well].map(({ runtime }) => runtime.close()));
    await proxy.close();
    await server.stop();
  });

  /** Resolves when it has another connection, and everything that waited has been made good. */
  const back = ({ runtime: { redis } }: EngineUnderTest) =>
    until(async () => (redis?.connection.ready ?? false) && (await redis?.guard.catchUp()) === true);

  const dataConnections = () =>
    askAt(server.url, async (client) =>
      String(await client.client('LIST'))
        .split('\n')
        .filter((line) => line.includes('name=late:cache'))
        .map((line) => /\bid=(\d+)/.exec(line)?.[1]),
    );

  /** How many scripts have been run: whatever stores is one. */
  const scripts = () =>
    askAt(server.url, async (client) => {
      const stats = await client.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    });

  /**
   * Does something whose bytes are kept back until long after the connection has been given up; `meanwhile` happens
   * before they arrive. Resolves when they have.
   */
  async function keptBack(act: () => Promise<unknown>, meanwhile: () => Promise<unknown>): Promise<void> {
    const before = await dataConnections();
    const deliver = proxy.keepBack('data');
    await act();
    // Whatever it was, its connection has to prove that it lives, and does not.
    await cutItems.get('another');
    await until(async () => (await dataConnections()).some((id) => !before.includes(id)));
    await back(cut);
    await meanwhile();
    const others = await dataConnections();
    const scriptsRun = await scripts();
    deliver();
    await until(async () => (await dataConnections()).length < others.length);
    expect(await scripts()).toBeGreaterThan(scriptsRun);
  }

  const old = async () => {
    await cutItems.set(['1'], 'old');
  };
  const newer = async () => {
    await items.set(['1'], 'newer');
  };

  it('is no value: a put does not come back over a newer one', async () => {
    await keptBack(old, newer);
    expect(await items.getOrLoad(['1'], () => 'newer')).toBe('newer');
    expect(await cutItems.getOrLoad(['1'], () => 'newer')).toBe('newer');
  });

  it('is no value: a put does not come back after an eviction', async () => {
    await keptBack(old, () => items.evict('1'));
    expect(await items.get('1')).toBeUndefined();
    expect(await cutItems.get('1')).toBeUndefined();
  });

  it.each<[string, () => Promise<unknown>, string | undefined]>([
    ['over a newer one', newer, 'newer'],
    ['after an eviction', () => items.evict('1'), undefined],
    ['after a clear', () => items.clear(), undefined],
  ])('is no value: what was loaded does not come back %s', async (_, meanwhile, left) => {
    const loader = new ManualLoader<string>();
    const loading = cutItems.getOrLoad(['1'], loader.load);
    await loader.called(1);
    await keptBack(async () => {
      loader.calls[0]?.resolve('old');
      expect(await loading).toBe('old');
    }, meanwhile);
    expect(await items.get('1')).toBe(left);
    expect(await cutItems.get('1')).toBe(left);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a put', old],
    [
      'a read that was about to load',
      async () => cut.runtime.redis?.guard.acquire('item:1', newToken(), LEASE_MS, ''),
    ],
  ])('leaves no lease behind for which others would wait: %s', async (_, act) => {
    await keptBack(act, () => Promise.resolve());
    const since = performance.now();
    expect(await items.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(performance.now() - since).toBeLessThan(PATIENCE_MS);
  });

  it('is no value either when the server was frozen', async () => {
    await items.set(['1'], 'oldest');
    server.freeze();
    await Promise.all([old(), cutItems.set(['2'], 'old')]);
    await cutItems.set(['1'], 'newer');
    await cutItems.evict('2');
    server.thaw();
    await Promise.all([back(cut), back(well)]);
    for (const engine of [cutItems, items]) {
      expect(await engine.getOrLoad(['1'], () => 'newer')).toBe('newer');
      expect(await engine.get('2')).toBeUndefined();
    }
  });
});
