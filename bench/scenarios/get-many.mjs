import { contestantsOf } from '../contestants/index.mjs';
import { fill, idsFrom } from '../support/bench.mjs';
import { race } from '../support/measure.mjs';
import { atLeast, raceTable } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';

const IDS = idsFrom(0, 100);

/** A hundred entries with one call, from Redis. */
export const getMany = {
  name: 'get-many',
  async run(bench) {
    const opened = await bench.openAll(contestantsOf('many'), {
      tier: 'l2',
      load: async (id) => makeBot(id),
    });
    for (const each of opened) await fill(each, IDS);
    const lanes = opened.map(({ name, cache, loops, counted }) => ({
      name,
      counted,
      run: (count) => loops.allAtOnce(cache, IDS, count),
    }));
    const results = await race(lanes, { ...bench, reference: 'ioredis' });
    return {
      tables: [raceTable('getMany of 100 from L2 (reference: MGET + JSON.parse)', results)],
      targets: [atLeast('getMany of 100 from L2', 0.9, results['nestjs-roost'].ratio.median)],
      data: results,
    };
  },
};
