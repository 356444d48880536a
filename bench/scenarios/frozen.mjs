import { setTimeout as delay } from 'node:timers/promises';
import { contestantsOf } from '../contestants/index.mjs';
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
const LATER_MS = 1000;
/** The deadline for one operation that nestjs-roost has by default. */
const DEADLINE_MS = 100;
/** The event loop's share. */
const SLACK_MS = 20;

/**
 * Redis is stopped with SIGSTOP: connections stay open, and nothing is answered. First twenty callers at once, then
 * up to twenty calls one after the other. The loader costs nothing.
 */
export const frozen = {
  name: 'frozen',
  async run(bench) {
    const givenUpMs = bench.pick(2000, 300);
    const rows = [];
    const own = {};
    for (const { contestant, commandTimeout } of casts()) {
      const server = await RedisServer.start();
      const world = { tier: 'l2', url: server.url, load: async (id) => makeBot(id), commandTimeout };
      const { name, cache, close } = await bench.open(contestant, world);
      await Promise.all(IDS.map((id) => cache.read(id)));
      server.freeze();
      const ask = (id) => timeOf(cache, id, givenUpMs);
      const first = await Promise.all(IDS.slice(0, CALLERS).map(ask));
      const later = [];
      const since = performance.now();
      for (const id of IDS.slice(CALLERS, 2 * CALLERS)) {
        later.push(await ask(id));
        if (later.at(-1).ending === 'waits' || performance.now() - since > LATER_MS) break;
      }
      const label = commandTimeout === undefined ? name : `${name} commandTimeout ${commandTimeout}`;
      rows.push({ contestant: label, 'first calls ms': describe(first), 'later calls ms': describe(later) });
      if (name === 'nestjs-roost') Object.assign(own, { first, later });
      await server.stop();
      await Promise.race([close(), delay(100)]);
    }
    const most = (calls) => Math.max(...calls.map(({ ms }) => ms));
    return {
      tables: [{ title: `Frozen Redis: ${CALLERS} calls at once, then ${CALLERS} one by one`, rows }],
      targets: [
        atMost('frozen Redis, first call', DEADLINE_MS + SLACK_MS, most(own.first), ' ms'),
        atMost('… from the second window on', 1, median(own.later.map(({ ms }) => ms)), ' ms'),
      ],
      data: rows,
    };
  },
};

/** Each as it comes; and with a command timeout, those whose client can have one. */
function casts() {
  const all = contestantsOf('frozen');
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
