/** `memory.mjs <url> <contestant> <count>`: prints how many bytes of memory an entry takes. Needs --expose-gc. */
import { setTimeout as delay } from 'node:timers/promises';
import { CONTESTANTS } from '../contestants/index.mjs';
import { idsFrom } from '../support/bench.mjs';
import { atATime } from '../support/loops.mjs';
import { makeBot } from '../support/values.mjs';

const [url, name, count] = process.argv.slice(2);
const contestant = CONTESTANTS.find((each) => each.name === name);
// As from a database: no text is shared between values.
const load = async (id) => JSON.parse(JSON.stringify(makeBot(id)));
const cache = await contestant.open({
  tier: 'l1',
  url,
  prefix: `m${process.pid}`,
  load,
  most: Number(count) + 1000,
});

async function use() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await delay(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Twice: what a hit keeps belongs to the entry. */
async function readAll(ids) {
  await atATime(cache, ids, ids.length, 50);
  await atATime(cache, ids, ids.length, 50);
}

// Code and buffers that come with the first entries are not counted.
await readAll(idsFrom(1_000_000, 500));
const ids = idsFrom(0, Number(count));
const before = await use();
await readAll(ids);
const after = await use();
console.log((after - before) / ids.length);
process.exit(0);
