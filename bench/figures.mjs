/**
 * Writes the figures of a run into docs/performance.md, between its two marks:
 *
 *   npm run bench -- --json /tmp/bench.json && npm run bench:http -- --json /tmp/http.json
 *   node bench/figures.mjs /tmp/bench.json /tmp/http.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownOf, targetsTable } from './support/report.mjs';

const PAGE = new URL('../docs/performance.md', import.meta.url);
const [BEGIN, END] = ['<!-- figures -->', '<!-- end of figures -->'];

const runs = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const [{ machine, quick }] = runs;
const tables = runs.flatMap(({ scenarios }) => scenarios.flatMap((scenario) => scenario.tables));
const targets = runs.flatMap(({ scenarios }) => scenarios.flatMap((scenario) => scenario.targets));
const versions = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
const { date, cpu, memory, system, node, redis, load } = machine;

const figures = [
  `Measured on ${date}${quick ? ', a quick run,' : ''} on ${cpu}, ${memory}, ${system}, Node ${node}, Redis ${redis}; ` +
    `load averages at the start ${load}. ${versions.join(', ')}.`,
  markdownOf(targetsTable('Targets', targets)),
  ...tables.map(markdownOf),
].join('\n\n');

const page = readFileSync(PAGE, 'utf8');
const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
if (from < 0 || to < from) throw new Error(`docs/performance.md has no ${BEGIN} … ${END}`);
writeFileSync(PAGE, `${page.slice(0, from + BEGIN.length)}\n\n${figures}\n\n${page.slice(to)}`);
