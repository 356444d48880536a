import { roostClone, roostShare } from '../contestants/nestjs-roost.mjs';
import { lruCache } from '../contestants/reference.mjs';
import { fill, idsFrom } from '../support/bench.mjs';
import { race } from '../support/measure.mjs';
import { raceTable, short } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';

/** L1 hits on 1, 1,000 and 100,000 keys. In memory only, since 100,000 misses on Redis take a while. */
export const growthOfL1 = {
  name: 'growth-of-l1',
  async run(bench) {
    const tables = [];
    const data = {};
    for (const keys of [1, 1000, bench.pick(100_000, 10_000)]) {
      const ids = idsFrom(0, keys);
      const world = { tier: 'l1', url: undefined, load: async (id) => makeBot(id), most: keys + 1 };
      const opened = await bench.openAll([lruCache, roostShare, roostClone], world);
      for (const each of opened) await fill(each, ids);
      const lanes = opened.map(({ name, cache, loops, counted }) => ({
        name,
        counted,
        run: (count) => loops.oneByOne(cache, ids, count),
      }));
      const results = await race(lanes, { ...bench, reference: lruCache.name });
      tables.push(raceTable(`L1 hit, ${short(keys)} keys in turn`, results));
      data[keys] = results;
      await bench.clean();
    }
    return { tables, data };
  },
};
