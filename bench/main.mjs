/**
 * `npm run bench`: nestjs-roost, its peers and the physical limit, in one process and in turns.
 *
 *   --quick       fewer rounds and smaller amounts, under a minute
 *   --json FILE   writes the figures to a file
 *   --only TEXT   scenarios whose name holds the text
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios/index.mjs';
import { Bench } from './support/bench.mjs';
import { machine, printMachine } from './support/machine.mjs';
import { printTable, printTargets } from './support/report.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const scenarios = SCENARIOS.filter(({ name }) => name.includes(options.only));
if (scenarios.length === 0) {
  console.error(`No scenario is named so. There are ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}
// A peer that is given a frozen Redis may forget a promise of its own.
process.on('unhandledRejection', (reason) => console.error(`(unhandled rejection: ${String(reason)})`));

const since = performance.now();
const where = machine();
printMachine(where);
const bench = await Bench.start(options);
const found = [];
try {
  for (const scenario of scenarios) {
    const { name } = scenario;
    const began = performance.now();
    const { tables, targets = [], data } = await scenario.run(bench);
    await bench.clean();
    const seconds = (performance.now() - began) / 1000;
    found.push({ name, seconds, tables, targets, data });
    for (const table of tables) printTable(table);
    printTargets(targets);
    console.log(`\n(${name}: ${seconds.toFixed(1)} s)`);
  }
} finally {
  await bench.stop();
}

const targets = found.flatMap((scenario) => scenario.targets);
const missed = targets.filter(({ isMet }) => !isMet);
console.log(`\n${targets.length - missed.length} of ${targets.length} targets met`);
printTargets(missed, 'Not met');
const seconds = (performance.now() - since) / 1000;
console.log(`\n${seconds.toFixed(0)} s`);
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine: where, quick: options.quick, seconds, scenarios: found }, null, 2)}\n`,
  );
}
process.exit(0);
