// Breaks the code in each way of test/mutations/mutations.json, one after the other, in a copy of the repository, and
// reports which tests notice. Ends with 1 when one goes unnoticed.
//
// Each names the promise of docs/guarantees.md that it breaks, a file, a text that stands there exactly once, what
// takes its place, and the specs of which at least one test must fail.
//
//   npm run mutations              all
//   npm run mutations -- lease     those whose name or file holds that text
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const mutations = JSON.parse(readFileSync(join(root, 'test/mutations/mutations.json'), 'utf8'));
const copy = mkdtempSync(join(tmpdir(), 'roost-mutations-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));

for (const part of [
  'src',
  'test',
  'sample',
  'docs',
  'scripts',
  'docker',
  'package.json',
  'jest.config.mjs',
  'README.md',
]) {
  cpSync(join(root, part), join(copy, part), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** Runs specs in the copy; tells whether they pass, and the name of the first test that fails. */
function run(tests) {
  const flags = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
  ];
  const { status, stdout, stderr } = spawnSync('node', [...flags, '--bail', ...tests], {
    cwd: copy,
    encoding: 'utf8',
  });
  const failed = /● (.*)/.exec(stdout + stderr)?.[1];
  return { passes: status === 0, failed };
}

const [wanted = ''] = process.argv.slice(2);
const chosen = mutations.filter(({ name, file }) => `${name} ${file}`.includes(wanted));
const baseline = run([...new Set(chosen.flatMap(({ tests }) => tests))]);
if (!baseline.passes) {
  console.error(`Without any mutation a test fails: ${baseline.failed}`);
  process.exit(1);
}

let unnoticed = 0;
for (const { promise, name, file, find, replace, tests } of chosen) {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2)
    throw new Error(`Expected ${file} to hold the text of "${name}" once.`);
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  const { passes, failed } = run(tests);
  writeFileSync(path, original);
  if (passes) unnoticed += 1;
  console.log(
    `${passes ? 'UNNOTICED' : 'noticed  '}  promise ${promise}  ${name}${passes ? '' : `\n             by ${failed}`}`,
  );
}
console.log(`${chosen.length - unnoticed} of ${chosen.length} noticed`);
process.exit(unnoticed === 0 ? 0 : 1);
