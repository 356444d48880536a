import { contestantsOf } from '../contestants/index.mjs';
import { fill, idsFrom } from '../support/bench.mjs';
import { countCommands, describeCommands } from '../support/commands.mjs';
import { between, race } from '../support/measure.mjs';
import { atLeast, atMost, raceTable } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';

const REFERENCE = 'ioredis';
const IDS = idsFrom(0, 1000);

/** Hits in Redis, memory off. `run` is what one contestant does. */
async function hits(bench, run) {
  const opened = await bench.openAll(contestantsOf('l2'), { tier: 'l2', load: async (id) => makeBot(id) });
  const commands = {};
  for (const each of opened) {
    await fill(each, IDS);
    const counted = await countCommands(bench, each.prefix, () => run(each, 200));
    commands[each.name] = describeCommands(counted, 200);
  }
  const lanes = opened.map((each) => ({
    name: each.name,
    counted: each.counted,
    run: (count) => run(each, count),
  }));
  const results = await race(lanes, { ...bench, reference: REFERENCE });
  return { results, commands };
}

export const l2HitOne = {
  name: 'l2-hit-1',
  async run(bench) {
    const { results, commands } = await hits(bench, ({ cache, loops }, count) =>
      loops.timed(cache, IDS, count),
    );
    const { ratio, p50Ratio } = results['nestjs-roost'];
    return {
      tables: [
        raceTable('L2 hit, 1 in flight (reference: ioredis GET + JSON.parse)', results, {
          more: (name) => ({
            'commands per read': commands[name],
          }),
        }),
      ],
      targets: [
        atLeast('L2 hit, 1 in flight', 0.95, ratio.median),
        atMost('L2 hit, 1 in flight, p50', 1.08, p50Ratio.median),
      ],
      data: results,
    };
  },
};

export const l2HitMany = {
  name: 'l2-hit-100',
  async run(bench) {
    const { results, commands } = await hits(bench, async ({ cache, loops }, count) => {
      await loops.atATime(cache, IDS, count, 100);
    });
    const own = results['nestjs-roost'];
    return {
      tables: [
        raceTable('L2 hit, 100 in flight (reference: ioredis GET + JSON.parse)', results, {
          more: (name) => ({
            'commands per read': commands[name],
          }),
        }),
      ],
      targets: [
        atLeast('L2 hit, 100 in flight', 1.8, own.ratio.median),
        atLeast('… × bentocache', 2.5, between(results, 'nestjs-roost', 'bentocache')),
      ],
      data: results,
    };
  },
};
