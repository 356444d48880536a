import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { ask, startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import type { RedisServer } from '../../support/redis-server.js';

/** So long that a busy machine is not silent. */
const DEADLINE_MS = 1_000;

describe('a cluster of which one master is silent', () => {
  let cluster: RedisClusterUnderTest;
  let frozen: RedisServer;
  let engine: EngineUnderTest;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    frozen = cluster.nodes[1]!;
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    engine = await startEngine({ redis: { cluster: cluster.urls, deadline: DEADLINE_MS } });
  });

  afterEach(async () => {
    frozen.thaw();
    await engine.runtime.close();
  });

  /** Ids of entries of the master that will be silent, and of the others. */
  async function fill(cache: ReturnType<EngineUnderTest['cache']>) {
    const [ill, well]: [string[], string[]] = [[], []];
    for (let id = 0; ill.length < 2 || well.length < 2; id += 1) {
      await cache.set([`${id}`], 'stored');
      const isThere = await ask(frozen, (client) => client.keys(`test:item:${id}`));
      (isThere.length > 0 ? ill : well).push(`${id}`);
    }
    return { ill, well };
  }

  it('serves what the others have, but for a round trip', async () => {
    const states: string[] = [];
    const cache = engine.cache({ l1: false });
    const { ill, well } = await fill(cache);
    const closed = new Promise<void>((resolve) => {
      engine.runtime.events.of('breaker').subscribe(({ state }) => {
        states.push(state);
        if (state !== 'half-open') resolve();
      });
    });
    frozen.freeze();
    expect(await Promise.all(ill.map((id) => cache.get(id)))).toEqual(ill.map(() => undefined));
    await closed;
    expect(await Promise.all(well.map((id) => cache.get(id)))).toEqual(well.map(() => 'stored'));
    expect(states).toEqual(['half-open', 'closed']);
  });

  it('hears of evictions when it answers again', async () => {
    const cache = engine.cache({ l1: false });
    const { ill } = await fill(cache);
    const { guard } = engine.runtime.redis!;
    frozen.freeze();
    await Promise.all(ill.map((id) => cache.evict(id)));
    expect(guard.queued).toBe(ill.length);
    frozen.thaw();
    await until(() => guard.queued === 0);
    expect(await Promise.all(ill.map((id) => cache.get(id)))).toEqual(ill.map(() => undefined));
  });
});
