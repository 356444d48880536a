/** A process that pings Redis all the time, and reports how long the answers took since the last report. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2]);
let times = [];

// The benchmark has ended, however it did.
process.once('disconnect', () => process.exit());
process.on('message', () => {
  const sorted = times.toSorted((a, b) => a - b);
  times = [];
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  process.send({ count: sorted.length, p50: at(0.5), p99: at(0.99), most: sorted.at(-1) });
});

await redis.ping();
process.send('ready');
for (;;) {
  const since = performance.now();
  await redis.ping();
  times.push(performance.now() - since);
  await delay(1);
}
