import { bentocache } from '../contestants/bentocache.mjs';
import { cacheable } from '../contestants/cacheable.mjs';
import { roostClone } from '../contestants/nestjs-roost.mjs';
import { plainRedis } from '../contestants/reference.mjs';
import { fill, idsFrom } from '../support/bench.mjs';
import { countCommands, describeCommands } from '../support/commands.mjs';
import { race } from '../support/measure.mjs';
import { atLeast, atMost, raceTable } from '../support/report.mjs';
import { makeBot } from '../support/values.mjs';
import { threeTags } from './l1-tags.mjs';

const IDS = idsFrom(0, 1000);

/** Hits in Redis on entries that carry three tags, which this process has met before. */
export const l2Tags = {
  name: 'l2-tags',
  async run(bench) {
    const opened = [];
    const commands = {};
    const totals = {};
    const add = async (contestant, label, tagsOf) => {
      const world = { tier: 'l2', load: async (id) => makeBot(id), ...(tagsOf && { tagsOf }) };
      const each = await bench.open(contestant, world);
      await fill(each, IDS);
      const read = () => each.loops.atATime(each.cache, IDS, 500, 100);
      const counted = await countCommands(bench, each.prefix, read);
      commands[label] = describeCommands(counted, 500);
      totals[label] = counted.total;
      opened.push({ ...each, name: label });
    };
    await add(plainRedis, plainRedis.name);
    await add(roostClone, roostClone.name);
    for (const contestant of [roostClone, bentocache, cacheable]) {
      await add(contestant, `${contestant.name}, 3 tags`, threeTags);
    }
    const tables = [];
    const targets = [];
    const data = {};
    for (const width of [1, 100]) {
      const lanes = opened.map(({ name, cache, loops, counted }) => ({
        name,
        counted,
        run: (count) => loops.atATime(cache, IDS, count, width),
      }));
      const results = await race(lanes, { ...bench, reference: roostClone.name });
      const title = `L2 hit with 3 known tags, ${width} in flight (reference: nestjs-roost without tags)`;
      tables.push(raceTable(title, results, { more: (name) => ({ 'commands per read': commands[name] }) }));
      const own = results['nestjs-roost, 3 tags'];
      targets.push(
        atLeast(`L2 hit with 3 known tags, of without, ${width} in flight`, 0.9, own.ratio.median),
      );
      data[width] = results;
    }
    const more = totals['nestjs-roost, 3 tags'] - totals['nestjs-roost'];
    // A heartbeat of the bus may fall into one of the counts.
    targets.push(atMost('more commands for 500 hits with tags', 2, more));
    return { tables, targets, data };
  },
};
