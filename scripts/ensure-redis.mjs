/**
 * Makes sure that the tests find a `redis-server` program: they start their own processes of it.
 * Installs it where that is safe to do unasked (root on Debian or Ubuntu), else says what to do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const MINIMUM = [6, 2];
const POLICY = '/usr/sbin/policy-rc.d';

const HOW_TO = `The tests run against real Redis processes and need the program \`redis-server\`, ${MINIMUM.join('.')} or newer, on PATH.
Install it, then run the tests again:

  Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server
  Fedora           sudo dnf install redis
  Alpine           apk add redis
  macOS            brew install redis

or put a \`redis-server\` of your own on PATH. No Redis service has to run.`;

function fail(reason) {
  console.error(`${reason}\n\n${HOW_TO}`);
  process.exit(1);
}

/** `[major, minor, patch]`, or undefined without a redis-server on PATH. */
function installedVersion() {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const version = /\bv=(\d+)\.(\d+)\.(\d+)/.exec(stdout);
  return version === null ? undefined : version.slice(1).map(Number);
}

function isRootOnDebian() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  return spawnSync('apt-get', ['--version']).status === 0;
}

function aptGet(...args) {
  const result = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}`.trim() };
}

/** The documented way to keep a package from starting its service: the answer 101, "not allowed". */
function withoutServices(work) {
  const ours = !existsSync(POLICY);
  // A Ctrl-C then ends apt-get only, and the file still goes.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => undefined);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

function install() {
  console.log('No redis-server on PATH: installing it with apt-get (no service is started)');
  const update = aptGet('update');
  const { ok, output } = withoutServices(() =>
    aptGet('install', '-y', '--no-install-recommends', 'redis-server'),
  );
  if (!ok)
    fail(`apt-get could not install redis-server:\n${[update.output, output].filter(Boolean).join('\n')}`);
}

if (installedVersion() === undefined && isRootOnDebian()) install();
const version = installedVersion();
if (version === undefined) fail('No redis-server on PATH.');
const [major, minor] = version;
if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  fail(`Expected redis-server to be ${MINIMUM.join('.')} or newer, got ${version.join('.')}.`);
}
console.log(`redis-server ${version.join('.')}`);
