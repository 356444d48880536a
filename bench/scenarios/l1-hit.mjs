import { contestantsOf } from '../contestants/index.mjs';
import { fill } from '../support/bench.mjs';
import { between, race } from '../support/measure.mjs';
import { atLeast, raceTable } from '../support/report.mjs';
import { makeBot, makePage } from '../support/values.mjs';

const REFERENCE = 'lru-cache';

/** One hot key in memory, read one after the other. */
async function hotKey(bench, make) {
  const opened = await bench.openAll(contestantsOf('l1'), { tier: 'l1', load: async (id) => make(id) });
  for (const each of opened) await fill(each, ['42']);
  const lanes = opened.map(({ name, cache, loops, counted }) => ({
    name,
    counted,
    run: (count) => loops.oneByOne(cache, ['42'], count),
  }));
  return race(lanes, { ...bench, reference: REFERENCE });
}

export const l1Hit = {
  name: 'l1-hit',
  async run(bench) {
    const results = await hotKey(bench, makeBot);
    return {
      tables: [raceTable(`L1 hit, hot key, 600 B (reference: awaited ${REFERENCE} get)`, results)],
      targets: [
        atLeast('L1 hit by handle, share', 0.5, results['nestjs-roost share'].ratio.median),
        atLeast(
          'L1 hit through @Cacheable, share',
          0.2,
          results['nestjs-roost share @Cacheable'].ratio.median,
        ),
        atLeast(
          '… × async-cache-dedupe',
          2,
          between(results, 'nestjs-roost share @Cacheable', 'async-cache-dedupe'),
        ),
        atLeast('L1 hit, clone, 600 B, × bentocache', 8, between(results, 'nestjs-roost', 'bentocache')),
      ],
      data: results,
    };
  },
};

export const l1Page = {
  name: 'l1-page',
  async run(bench) {
    const results = await hotKey(bench, makePage);
    return {
      tables: [raceTable('L1 hit, hot key, page of 50 bots', results)],
      targets: [
        atLeast('L1 hit, clone, page, × bentocache', 5, between(results, 'nestjs-roost', 'bentocache')),
      ],
      data: results,
    };
  },
};
