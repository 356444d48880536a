import { Fleet } from '../../support/fleet.js';
import { print, race, type RaceOutcome } from '../../support/fleet-race-run.js';
import type { Mutant } from '../../support/fleet-protocol.js';
import { startRedisCluster, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const PROCESSES = 4;
const RACE_MS = 10_000;
const TIMEOUT_MS = 120_000;

describe('processes that change, evict and read the same items on a cluster', () => {
  let fleet: Fleet;
  let cluster: RedisClusterUnderTest;
  let source: RedisServer;

  beforeAll(async () => {
    fleet = await Fleet.start(PROCESSES);
    [cluster, source] = await Promise.all([startRedisCluster(), startRedisServer()]);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await fleet?.stop();
    await Promise.all([cluster?.stop(), source?.stop()]);
  });

  function run(namespace: string, mutant?: Mutant): Promise<RaceOutcome> {
    const engine = { redis: { cluster: cluster.urls, deadline: 5000 }, namespace, mutant };
    return race(fleet, engine, { source: source.url, durationMs: RACE_MS });
  }

  it(
    'never read an older value than one whose eviction they know of, and nothing stale is left',
    async () => {
      const { figures, stale, problems } = await run('race');
      print('race on a cluster', figures);
      expect(stale).toEqual([]);
      expect(problems).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'read stale values without the fence',
    async () => {
      const { stale } = await run('no-fence', 'no store fence');
      expect(stale).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
