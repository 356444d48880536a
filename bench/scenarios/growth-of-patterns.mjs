import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CacheService, defineCache, key, pattern } from 'nestjs-roost';
import { openApp } from '../contestants/nestjs-roost.mjs';
import { copyEntry } from '../support/copies.mjs';
import { atMost, short } from '../support/report.mjs';

const PINGER = new URL('../workers/pinger.mjs', import.meta.url);
const IDLE_MS = 500;

/** Evicts 200,000 keys by a pattern, while a client in another process pings: how long does it wait? */
export const growthOfPatterns = {
  name: 'growth-of-patterns',
  async run(bench) {
    const entries = bench.pick(200_000, 50_000);
    const prefix = 'patterns';
    const app = await openApp({ url: bench.server.url, prefix });
    const service = app.get(CacheService);
    const cache = service.cache(defineCache({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '10m' }));
    await cache.set(['0'], { id: '0' });
    await copyEntry(bench.control, `${prefix}:bot:0`, `${prefix}:bot:`, 1, entries - 1);

    const pinger = fork(PINGER, [bench.server.url]);
    await once(pinger, 'message');
    const look = async () => {
      pinger.send('report');
      const [report] = await once(pinger, 'message');
      return report;
    };
    await delay(IDLE_MS);
    const idle = await look();
    const since = performance.now();
    const evicted = await service.evictPattern(pattern`bot:*`);
    // A step that took longer than the deadline puts the rest off, as if Redis were away.
    const isPutOff = evicted < entries;
    if (isPutOff) await allGone(bench.control);
    const elapsed = performance.now() - since;
    const during = await look();
    pinger.kill();
    await app.close();
    const row = (when, ms, { count, p50, p99, most }) => ({
      when,
      ms: short(ms),
      pings: count,
      'p50 ms': short(p50),
      'p99 ms': short(p99),
      'worst ms': short(most),
    });
    return {
      tables: [
        {
          title: `Another client’s pings while ${short(entries)} keys are evicted by a pattern`,
          rows: [
            row('before', IDLE_MS, idle),
            row(isPutOff ? 'meanwhile (put off once)' : 'meanwhile', elapsed, during),
          ],
        },
      ],
      targets: [atMost('pattern eviction: another client’s worst wait', 5, during.most, ' ms')],
      data: { entries, elapsed, isPutOff, idle, during },
    };
  },
};

/** Resolves when the server holds next to nothing any more. */
async function allGone(redis) {
  for (let i = 0; i < 600; i++) {
    if ((await redis.dbsize()) < 100) return;
    await delay(50);
  }
  throw new Error('The pattern was not evicted');
}
