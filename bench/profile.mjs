/**
 * Runs one contestant alone and prints which functions its time goes to, for whoever wants to change a ratio:
 *
 *   node bench/profile.mjs l2-100 nestjs-roost [--seconds 4] [--page] [--out FILE.cpuprofile]
 *
 * Loops: l1, l2-1, l2-100, miss, get-many. Build the library first (`node scripts/build.mjs esm`).
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { CONTESTANTS } from './contestants/index.mjs';
import { Bench, fill, idsFrom } from './support/bench.mjs';
import { printTable, short } from './support/report.mjs';
import { makeBot, makePage } from './support/values.mjs';

const IDS = idsFrom(0, 1000);
let last = 1_000_000;
const LOOPS = {
  l1: { tier: 'l1', ids: ['42'], run: ({ cache, loops }) => loops.oneByOne(cache, ['42'], 5000) },
  'l2-1': { tier: 'l2', ids: IDS, run: ({ cache, loops }) => loops.oneByOne(cache, IDS, 1000) },
  'l2-100': { tier: 'l2', ids: IDS, run: ({ cache, loops }) => loops.atATime(cache, IDS, 5000, 100) },
  miss: {
    tier: 'l2',
    ids: ['0'],
    run: ({ cache, loops }) => loops.atATime(cache, idsFrom((last += 2000), 2000), 2000, 100),
  },
  'get-many': {
    tier: 'l2',
    ids: IDS.slice(0, 100),
    run: ({ cache, loops }) => loops.allAtOnce(cache, IDS.slice(0, 100), 50),
  },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '4' },
    page: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const [loopName, name] = positionals;
const loop = LOOPS[loopName];
const contestant = CONTESTANTS.find((each) => each.name === name);
if (loop === undefined || contestant === undefined) {
  const names = CONTESTANTS.map((each) => `"${each.name}"`).join(', ');
  console.error(`Expected a loop (${Object.keys(LOOPS).join(', ')}) and a contestant (${names}).`);
  process.exit(1);
}

const bench = await Bench.start({ quick: true });
const make = options.page ? makePage : makeBot;
const opened = await bench.open(contestant, { tier: loop.tier, load: async (id) => make(id) });
await fill(opened, loop.ids);
await runFor(1);

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
await runFor(Number(options.seconds));
const { profile } = await session.post('Profiler.stop');
if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(profile));
printTable({ title: `${name}, ${loopName}: time of its own`, rows: hottest(profile, 40) });
await bench.clean();
await bench.stop();
process.exit(0);

async function runFor(seconds) {
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) await loop.run(opened);
}

/** Functions by the share of samples that they were on top of, idle time aside. */
function hottest({ nodes, samples }, count) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const hits = new Map();
  let total = 0;
  for (const sample of samples) {
    const { functionName, url, lineNumber } = byId.get(sample);
    if (functionName === '(idle)') continue;
    const place =
      url === '' ? '' : `${url.replace(/^.*\/(node_modules|dist\/esm|bench)\//, '')}:${lineNumber + 1}`;
    const label = `${functionName || '(anonymous)'} ${place}`;
    hits.set(label, (hits.get(label) ?? 0) + 1);
    total += 1;
  }
  return [...hits]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([label, times]) => ({ '%': short((100 * times) / total), function: label }));
}
