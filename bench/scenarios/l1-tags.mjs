import { asyncCacheDedupe } from '../contestants/async-cache-dedupe.mjs';
import { bentocache } from '../contestants/bentocache.mjs';
import { cacheable } from '../contestants/cacheable.mjs';
import { roostClone, roostShare } from '../contestants/nestjs-roost.mjs';
import { lruCache } from '../contestants/reference.mjs';
import { fill } from '../support/bench.mjs';
import { between, race } from '../support/measure.mjs';
import { atLeast, raceTable } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';

export const threeTags = (id) => [`bot:${id}`, `org:${Number(id) % 17}:bots`, 'bots'];

/** A hot key in memory whose entry carries three tags. */
export const l1Tags = {
  name: 'l1-tags',
  async run(bench) {
    const lanes = [];
    const add = async (contestant, label, tagsOf) => {
      const { cache, loops, ...each } = await bench.open(contestant, {
        tier: 'l1',
        load: async (id) => makeBot(id),
        ...(tagsOf && { tagsOf }),
      });
      await fill({ ...each, cache, loops }, ['42']);
      lanes.push({ name: label, run: (count) => loops.oneByOne(cache, ['42'], count) });
    };
    await add(lruCache, lruCache.name);
    for (const contestant of [roostShare, roostClone]) {
      await add(contestant, contestant.name);
      await add(contestant, `${contestant.name}, 3 tags`, threeTags);
    }
    for (const peer of [bentocache, cacheable, asyncCacheDedupe]) {
      await add(peer, `${peer.name}, 3 tags`, threeTags);
    }
    const results = await race(lanes, { ...bench, reference: lruCache.name });
    const share = between(results, 'nestjs-roost share, 3 tags', 'nestjs-roost share');
    return {
      tables: [raceTable('L1 hit with 3 tags (reference: lru-cache, which has none)', results)],
      targets: [atLeast('L1 hit with 3 tags, of without, share', 0.8, share)],
      data: results,
    };
  },
};
