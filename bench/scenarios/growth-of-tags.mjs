import { roostClone } from '../contestants/nestjs-roost.mjs';
import { copyEntry } from '../support/copies.mjs';
import { median } from '../support/measure.mjs';
import { atMost, short } from '../support/report.mjs';

const WRITTEN = 10;

/** Evicting a tag of 10, 10,000 and 1,000,000 entries in Redis. All but ten of them are copies. */
export const growthOfTags = {
  name: 'growth-of-tags',
  async run(bench) {
    const rows = [];
    const times = [];
    for (const entries of [10, 10_000, bench.pick(1_000_000, 100_000)]) {
      const world = { tier: 'l2', load: async (id) => ({ id }), tagsOf: () => ['bots'] };
      const { cache, prefix, counted } = await bench.open(roostClone, world);
      const ids = Array.from({ length: WRITTEN }, (_, i) => `${i}`);
      await Promise.all(ids.map((id) => cache.read(id)));
      await copyEntry(bench.control, `${prefix}:bot:0`, `${prefix}:bot:`, WRITTEN, entries - 1);
      const samples = [];
      for (let i = 0; i < 9; i++) {
        const since = performance.now();
        await cache.evictTag('bots');
        samples.push(performance.now() - since);
        const before = counted.loads;
        await cache.read('1');
        if (counted.loads === before) throw new Error('The tag was not evicted');
      }
      times.push(median(samples));
      rows.push({ entries: short(entries), 'ms to evict their tag': short(times.at(-1)) });
      await bench.clean();
    }
    return {
      tables: [{ title: 'Evicting a tag, by number of entries', rows }],
      targets: [atMost('evicting the largest tag, × the smallest', 2, times.at(-1) / times[0])],
      data: rows,
    };
  },
};
