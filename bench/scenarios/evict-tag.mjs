import { contestantsOf } from '../contestants/index.mjs';
import { idsFrom } from '../support/bench.mjs';
import { countCommands, describeCommands } from '../support/commands.mjs';
import { median } from '../support/measure.mjs';
import { atMost, short } from '../support/report.mjs';

/** Evicts a tag that ten thousand entries in Redis carry (two thousand in a quick run). */
export const evictTag = {
  name: 'evict-tag',
  async run(bench) {
    const ids = idsFrom(0, bench.pick(10_000, 2000));
    const world = { tier: 'l2', load: async (id) => ({ id }), tagsOf: () => ['bots'] };
    const opened = await bench.openAll(contestantsOf('tags'), world);
    const times = new Map(opened.map(({ name }) => [name, []]));
    const commands = new Map();
    // The last round counts commands, which takes time.
    const rounds = bench.pick(4, 2);
    for (let round = 1; round <= rounds; round++) {
      for (const each of opened) {
        await each.loops.atATime(each.cache, ids, ids.length, 50);
        const since = performance.now();
        if (round < rounds) {
          await each.cache.evictTag('bots');
          times.get(each.name).push(performance.now() - since);
        } else {
          commands.set(each.name, await countCommands(bench, each.prefix, () => each.cache.evictTag('bots')));
        }
        const before = each.counted.loads;
        await each.cache.read(ids[7]);
        if (each.counted.loads === before) throw new Error(`${each.name} did not evict`);
      }
    }
    const rows = opened.map(({ name }) => ({
      contestant: name,
      'time ms': short(median(times.get(name))),
      commands: commands.get(name).total,
      which: describeCommands(commands.get(name), 1),
    }));
    return {
      tables: [{ title: `Evict a tag of ${short(ids.length)} entries in Redis`, rows }],
      targets: [
        atMost('commands to evict a tag, the bus’s message included', 2, commands.get('nestjs-roost').total),
      ],
      data: rows,
    };
  },
};
