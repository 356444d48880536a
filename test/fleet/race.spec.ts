import { Fleet } from '../support/fleet.js';
import { print, race, type RaceOutcome } from '../support/fleet-race-run.js';
import type { Mutant } from '../support/fleet-protocol.js';
import { startRedisServers, type RedisServer } from '../support/redis-server.js';

const PROCESSES = 4;
const RACE_MS = 10_000;
const TIMEOUT_MS = 90_000;

describe('processes that change, evict and read the same items', () => {
  let fleet: Fleet;
  let redis: RedisServer;
  let source: RedisServer;
  let runs = 0;

  beforeAll(async () => {
    fleet = await Fleet.start(PROCESSES);
    [redis, source] = (await startRedisServers(2)) as [RedisServer, RedisServer];
  }, TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all([redis?.stop(), source?.stop()]);
    await fleet?.stop();
  });

  function run(mutant?: Mutant): Promise<RaceOutcome> {
    const engine = { redis: { url: redis.url, deadline: 5000 }, namespace: `race-${(runs += 1)}`, mutant };
    return race(fleet, engine, { source: source.url, durationMs: RACE_MS });
  }

  it(
    'never read an older value than one whose eviction they know of, and nothing stale is left',
    async () => {
      const { figures, stale, problems } = await run();
      print('race', figures);
      expect(stale).toEqual([]);
      expect(problems).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each(['no store fence', 'no generations', 'deaf to the bus'] as const)(
    'read stale values with %s',
    async (mutant) => {
      const { stale } = await run(mutant);
      expect(stale).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
