import { setTimeout as delay } from 'node:timers/promises';
import { contestantsOf } from '../contestants/index.mjs';
import { roostClone } from '../contestants/nestjs-roost.mjs';
import { idsFrom } from '../support/bench.mjs';
import { median } from '../support/measure.mjs';
import { RedisServer } from '../support/redis-server.mjs';
import { atMost, short } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';

const CALLERS = 20;
const IDS = idsFrom(0, 200);
/** What peers are given that have no deadline of their own. */
const TIMEOUT_MS = 200;
/** How long the calls go on that are made one by one. */
const LATER_MS = 1500;
/** What a call takes that does not wait for Redis. */
const FAST_MS = 5;
/** The deadline for one operation that nestjs-roost has by default. */
const DEADLINE_MS = 100;
/** The event loop's share. */
const SLACK_MS = 20;

/**
 * Redis is stopped with SIGSTOP: connections stay open, and nothing is answered. First twenty callers at once, then
 * calls one after the other, up to twenty or for a while. The loader costs nothing.
 */
export const frozen = {
  name: 'frozen',
  async run(bench) {
    const givenUpMs = bench.pick(2000, 500);
    const [own, ...peers] = casts();
    const alone = await freeze(bench, own, givenUpMs);
    // They only wait, each for a server of its own.
    const others = await Promise.all(peers.map((cast) => freeze(bench, cast, givenUpMs)));
    const rows = [alone, ...others].map(({ name, first, later, fastAfter }) => ({
      contestant: name,
      'first calls ms': describe(first),
      'later calls ms': describe(later),
      'fast again after ms': fastAfter === undefined ? '' : short(fastAfter),
    }));
    const slowestFirst = Math.max(...alone.first.map(({ ms }) => ms));
    return {
      tables: [{ title: `Frozen Redis: ${CALLERS} calls at once, then one by one`, rows }],
      targets: [
        atMost('frozen Redis, first call', DEADLINE_MS + SLACK_MS, slowestFirst, ' ms'),
        atMost('… from the second window on', 1, mostOf(alone.later), ' ms'),
      ],
      data: rows,
    };
  },
};

/** Fills a cache, freezes its server, and sees what calls cost then. */
async function freeze(bench, { contestant, commandTimeout }, givenUpMs) {
  const server = await RedisServer.start();
  const world = { tier: 'l2', url: server.url, load: async (id) => makeBot(id), commandTimeout };
  const { cache, close } = await bench.open(contestant, world);
  await Promise.all(IDS.map((id) => cache.read(id)));
  server.freeze();
  const since = performance.now();
  const ask = (id) => timeOf(cache, id, givenUpMs);
  const first = await Promise.all(IDS.slice(0, CALLERS).map(ask));
  const later = [];
  let fastAfter;
  const until = performance.now() + LATER_MS;
  for (const id of IDS.slice(CALLERS, 2 * CALLERS)) {
    const call = await ask(id);
    later.push(call);
    if (call.ms <= FAST_MS) fastAfter ??= performance.now() - since;
    if (call.ending === 'waits' || performance.now() > until) break;
  }
  await server.stop();
  await Promise.race([close(), delay(100)]);
  const { name } = contestant;
  return {
    name: commandTimeout === undefined ? name : `${name} commandTimeout ${commandTimeout}`,
    first,
    later,
    fastAfter,
  };
}

/** What nine of ten calls take at most. */
function mostOf(calls) {
  const times = calls.map(({ ms }) => ms).sort((a, b) => a - b);
  return times[Math.ceil(times.length * 0.9) - 1];
}

/** Ours first; each as it comes, and with a command timeout, those whose client can have one. */
function casts() {
  const all = contestantsOf('frozen').sort((a, b) => Number(b === roostClone) - Number(a === roostClone));
  const patient = all.map((contestant) => ({ contestant, commandTimeout: undefined }));
  const timed = all.filter(({ name }) => ['ioredis', 'bentocache', 'layered-loader'].includes(name));
  return [...patient, ...timed.map((contestant) => ({ contestant, commandTimeout: TIMEOUT_MS }))];
}

async function timeOf(cache, id, givenUpMs) {
  const since = performance.now();
  const reading = cache.read(id).then(
    () => 'answered',
    () => 'rejected',
  );
  const ending = await Promise.race([reading, delay(givenUpMs, 'waits')]);
  return { ending, ms: performance.now() - since };
}

function describe(calls) {
  const { ending, ms } = calls.reduce((worst, call) => (call.ms > worst.ms ? call : worst));
  if (ending === 'waits') return `> ${short(ms)}, still waiting`;
  const range = `${short(median(calls.map((call) => call.ms)))}, at most ${short(ms)}`;
  return calls.some((call) => call.ending === 'rejected') ? `${range}, rejected` : range;
}
