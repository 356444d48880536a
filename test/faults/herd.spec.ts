import { askAt } from '../support/fault-place.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { until } from '../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { retryDelay } from '../../src/stores/redis/never-hang.js';

const INSTANCES = 1000;
/** When a Redis that was lost is back, milliseconds after. */
const BACK_MS = [20, 500, 2_000, 30_000];
const ATTEMPTS = 12;
const LONGEST_MS = 2000;
const BUCKET_MS = 10;

const CLIENTS = 50;
const AWAY_MS = 1500;
const RECOVERY_MS = 5000;
/** Each has a connection for data and one for the bus. */
const CONNECTIONS_EACH = 2;

/** When instances that have all lost Redis at 0 and connect at no cost are back, if it is there from `back` on. */
function returns(back: number): number[] {
  return Array.from({ length: INSTANCES }, () => {
    let now = 0;
    for (let attempt = 1; ; attempt++) {
      now += retryDelay(attempt);
      if (now >= back) return now - back;
    }
  });
}

/** The most instances that come within one hundredth of a second. */
function rush(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const bucket = Math.floor(time / BUCKET_MS);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

describe('when many instances have lost the same Redis', () => {
  it.each(Array.from({ length: ATTEMPTS }, (_, i) => i + 1))(
    'each waits before attempt %i for half of what it may at least, and the rest is evenly spread',
    (attempt) => {
      const longest = Math.min(50 * 2 ** (attempt - 1), LONGEST_MS);
      const waits = Array.from({ length: INSTANCES }, () => retryDelay(attempt));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(longest / 2);
      expect(Math.max(...waits)).toBeLessThanOrEqual(longest);
      const mean = waits.reduce((sum, wait) => sum + wait, 0) / INSTANCES;
      // Of a thousand, the mean is off by more than that once in ten thousand billion runs.
      expect(Math.abs(mean / longest - 0.75)).toBeLessThan(0.035);
      // Every tenth of the range has its share: 100 of 1,000, give or take.
      for (let tenth = 0; tenth < 10; tenth++) {
        const from = (longest / 2) * (1 + tenth / 10);
        const share = waits.filter((wait) => wait >= from && wait < from + longest / 20).length;
        expect(share).toBeGreaterThan(30);
        expect(share).toBeLessThan(200);
      }
    },
  );

  it('they come back spread over the time that they may take, and none later', () => {
    const rows = BACK_MS.map((back) => {
      const times = returns(back);
      expect(Math.max(...times)).toBeLessThanOrEqual(LONGEST_MS);
      return { back, last: Math.max(...times), rush: rush(times) };
    });
    const lines = rows.map(({ back, last, rush: most }) => `| ${back} | ${Math.round(last)} | ${most} |`);
    process.stdout.write(
      `\n| away for, ms | last of 1,000 back after, ms | most within 10 ms |\n| --- | --- | --- |\n${lines.join('\n')}\n\n`,
    );
    // After half a second and more, waits are long enough for all of them not to come at once.
    for (const { back, rush: most } of rows) if (back >= 500) expect(most).toBeLessThan(INSTANCES / 10);
  });

  it('fifty real ones are back in time, without a storm of connections', async () => {
    const server: RedisServer = await startRedisServer();
    const engines: EngineUnderTest[] = [];
    try {
      for (let i = 0; i < CLIENTS; i++) {
        engines.push(await startEngine({ redis: server.url, namespace: 'herd' }));
      }
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      await server.launch();
      const since = performance.now();
      const isBack = ({ runtime: { redis } }: EngineUnderTest) =>
        redis?.connection.ready === true && redis.bus.armed && redis.gate.isOpen;
      await until(() => engines.every(isBack));
      const ms = performance.now() - since;
      expect(ms).toBeLessThan(RECOVERY_MS);
      // Those that have been let in stay; one or the other may have given up waiting for a busy machine.
      const info = await askAt(server.url, (client) => client.info('stats'));
      const received = Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
      expect(received).toBeLessThan(1.5 * CLIENTS * CONNECTIONS_EACH);
      process.stdout.write(`\n${CLIENTS} instances are back after ${Math.round(ms)} ms.\n`);
    } finally {
      await Promise.all(engines.map(({ runtime }) => runtime.close()));
      await server.stop();
    }
  });
});
