import { Redis } from 'ioredis';
import { Fleet } from '../support/fleet.js';
import { print, race, type RaceOutcome } from '../support/fleet-race-run.js';
import type { Mutant } from '../support/fleet-protocol.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const PROCESSES = 4;
const RACE_MS = 5_000;
/** The mutant's race ends as soon as it has shown. */
const MUTANT_MS = 20_000;
const TIMEOUT_MS = 60_000;
const HEADROOM_BYTES = 4_000_000;
const FILLER_BYTES = 20_000;

interface Evicted {
  tokens: number;
  leases: number;
  entries: number;
}

describe('a Redis that evicts tag tokens and leases for want of memory', () => {
  let fleet: Fleet;
  let redis: RedisServer;
  let source: RedisServer;
  let filler: Redis;
  let listener: Redis;
  let runs = 0;

  beforeAll(async () => {
    fleet = await Fleet.start(PROCESSES);
    source = await startRedisServer();
    redis = await startRedisServer({
      // With one sample, what is in use is evicted as well, and not only what is idle.
      args: [
        '--maxmemory-policy',
        'allkeys-lru',
        '--maxmemory-samples',
        '1',
        '--notify-keyspace-events',
        'Ee',
      ],
    });
    filler = new Redis(redis.url);
    listener = new Redis(redis.url);
    await listener.subscribe('__keyevent@0__:evicted');
    const used = Number(/used_memory:(\d+)/.exec(await filler.info('memory'))?.[1]);
    await filler.config('SET', 'maxmemory', used + HEADROOM_BYTES);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all([filler?.quit(), listener?.quit()]);
    await fleet?.stop();
    await Promise.all([redis?.stop(), source?.stop()]);
  });

  async function run(
    durationMs: number,
    mutant?: Mutant,
  ): Promise<RaceOutcome & { readonly evicted: Evicted }> {
    const namespace = `pressure-${(runs += 1)}`;
    const evicted = { tokens: 0, leases: 0, entries: 0 };
    const count = (_channel: string, name: string) => {
      if (name.startsWith(`${namespace}~tag:`)) evicted.tokens += 1;
      else if (name.startsWith(`${namespace}~lease:`)) evicted.leases += 1;
      else if (name.startsWith(`${namespace}:`)) evicted.entries += 1;
    };
    listener.on('message', count);
    const over = new AbortController();
    const filled = fill(over.signal);
    try {
      const engine = { redis: { url: redis.url, deadline: 5000 }, namespace, mutant };
      const outcome = await race(fleet, engine, { source: source.url, durationMs });
      return { ...outcome, evicted };
    } finally {
      over.abort();
      await filled;
      listener.off('message', count);
    }
  }

  /** Writes as fast as it can what nobody reads. */
  async function fill(signal: AbortSignal): Promise<void> {
    for (let i = 0; !signal.aborted; i++) await filler.set(`filler:${i}`, 'x'.repeat(FILLER_BYTES));
  }

  it(
    'makes nobody read a stale value',
    async () => {
      const { figures, stale, problems, evicted } = await run(RACE_MS);
      print('race under memory pressure', { ...figures, ...evicted });
      expect(stale).toEqual([]);
      expect(problems).toEqual([]);
      expect(evicted.tokens).toBeGreaterThan(0);
      expect(evicted.leases).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it(
    'makes somebody read one with tokens that repeat',
    async () => {
      const { stale } = await run(MUTANT_MS, 'tokens that repeat');
      expect(stale).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
