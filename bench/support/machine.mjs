import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { CONTESTANTS } from '../contestants/index.mjs';

const require = createRequire(import.meta.url);

/** Where and with what was measured. */
export function machine() {
  const redis = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus().length} × ${cpus()[0].model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release().split('-')[0]}`,
    load: loadavg()
      .map((value) => value.toFixed(1))
      .join(' '),
    node: process.version,
    redis: /v=(\S+)/.exec(redis)?.[1] ?? '?',
    packages: versions(),
  };
}

function versions() {
  const names = [...new Set(CONTESTANTS.flatMap(({ packages }) => packages))].sort();
  return Object.fromEntries(names.map((name) => [name, versionOf(name)]));
}

/** Not by `require(…/package.json)`: some packages do not export it. */
function versionOf(name) {
  if (name === 'nestjs-roost') return manifest(new URL('../../package.json', import.meta.url)).version;
  const folder = require.resolve.paths(name).find((path) => existsSync(`${path}/${name}/package.json`));
  return folder === undefined ? '?' : manifest(`${folder}/${name}/package.json`).version;
}

function manifest(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function printMachine({ packages, ...others }) {
  console.log(
    Object.entries(others)
      .map(([name, value]) => `${name}: ${value}`)
      .join(' · '),
  );
  console.log(
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
}
