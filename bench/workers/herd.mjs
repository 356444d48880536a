/** One process of the fleet: `herd.mjs <url> <loadMs> <contestant>…`. Runs a herd of callers whenever it is told to. */
import { setTimeout as delay } from 'node:timers/promises';
import { CONTESTANTS } from '../contestants/index.mjs';
import { handLock } from '../contestants/hand-lock.mjs';
import { makeBot } from '../support/values.mjs';

const [url, loadMs, ...names] = process.argv.slice(2);
const caches = new Map();
let loads = 0;

async function load(id) {
  loads += 1;
  await delay(Number(loadMs));
  return makeBot(id);
}

for (const [i, name] of names.entries()) {
  const contestant = [handLock, ...CONTESTANTS].find((each) => each.name === name);
  // The whole fleet shares the prefix. Memory as each recommends it.
  caches.set(name, await contestant.open({ tier: tierOf(contestant), url, prefix: `f${i}`, load }));
}

/** Redis has to be there, or nothing is shared. */
function tierOf({ name, is }) {
  return is.includes('l1') && name !== 'async-cache-dedupe' ? 'l1' : 'l2';
}

async function herd({ name, id, at, callers }) {
  const cache = caches.get(name);
  loads = 0;
  await delay(at - Date.now() - 2);
  while (Date.now() < at);
  await Promise.all(Array.from({ length: callers }, () => cache.read(id)));
  process.send({ loads, endedAt: performance.timeOrigin + performance.now() });
}

// The benchmark has ended, however it did.
process.once('disconnect', () => process.exit());
process.on('message', (order) => void herd(order));
process.send('ready');
