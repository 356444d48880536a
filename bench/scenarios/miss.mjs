import { contestantsOf } from '../contestants/index.mjs';
import { countCommands, describeCommands } from '../support/commands.mjs';
import { race } from '../support/measure.mjs';
import { atLeast, atMost, raceTable } from '../support/report.mjs';
import { startSlowProxy } from '../support/slow-proxy.mjs';
import { makeBot } from '../support/values.mjs';

const REFERENCE = 'ioredis';
const ROUND_TRIP_MS = 20;

/** A loader that costs nothing, and always another key. Ours take a lease, and store with it as fence. */
export const miss = {
  name: 'miss',
  async run(bench) {
    const opened = await bench.openAll(contestantsOf('l2'), { tier: 'l2', load: async (id) => makeBot(id) });
    let last = 0;
    const read = async ({ cache, loops }, count) => {
      const ids = Array.from({ length: count }, () => `${++last}`);
      await loops.atATime(cache, ids, count, 100);
    };
    const commands = {};
    const totals = {};
    for (const each of opened) {
      await read(each, 200);
      const counted = await countCommands(bench, each.prefix, () => read(each, 500));
      commands[each.name] = describeCommands(counted, 500);
      totals[each.name] = counted.total / 500;
    }
    const lanes = opened.map((each) => ({
      name: each.name,
      counted: each.counted,
      run: (count) => read(each, count),
    }));
    const results = await race(lanes, { ...bench, reference: REFERENCE });
    const trips = await roundTrips(bench);
    return {
      tables: [
        raceTable('Miss, 100 in flight (reference: ioredis GET + SET)', results, {
          hits: false,
          more: (name) => ({
            'commands per miss': commands[name],
            'round trips before the loader': trips[name],
          }),
        }),
      ],
      targets: [
        atLeast('miss with lease and fence, 100 in flight', 0.75, results['nestjs-roost'].ratio.median),
        atMost('… commands', 3, Number(totals['nestjs-roost'].toFixed(1))),
        atMost('… round trips before the loader starts', 2, trips['nestjs-roost']),
      ],
      data: { results, totals, trips },
    };
  },
};

/** How often an answer of Redis is awaited before the loader starts, one caller alone. */
async function roundTrips(bench) {
  const proxy = await startSlowProxy(bench.server, ROUND_TRIP_MS);
  const trips = {};
  for (const contestant of contestantsOf('l2')) {
    let startedAt;
    const load = async (id) => {
      startedAt = performance.now();
      return makeBot(id);
    };
    const { name, cache, close } = await bench.open(contestant, { tier: 'l2', url: proxy.url, load });
    await cache.read('1');
    const waits = [];
    for (const id of ['2', '3', '4']) {
      const since = performance.now();
      await cache.read(id);
      waits.push(startedAt - since);
    }
    trips[name] = Math.round(Math.min(...waits) / ROUND_TRIP_MS);
    await close();
  }
  proxy.close();
  return trips;
}
