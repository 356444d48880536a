import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { ManualLoader, startEngine } from '../support/engine.js';
import { FaultApp } from '../support/fault-app.js';
import { buildFaults } from '../support/fault-build.js';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import { FaultProcess } from '../support/fault-process.js';
import type { FleetBuild } from '../support/fleet-build.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

/** The library's default. */
const SHUTDOWN_DEADLINE_MS = 5000;
/** What the process itself, and a busy machine, take beyond that, milliseconds. */
const SLACK_MS = 1000;
const UNDER_LOAD_MS = 300;

type Hang = (at: ServerPlace) => unknown;

const HANGS: readonly (readonly [string, Hang])[] = [
  ['works', () => undefined],
  ['has just hung up', ({ server }) => server.freeze()],
  ['is a black hole', ({ each }) => each((proxy) => proxy.set({ kind: 'black hole' }))],
  ['does not let anybody in', ({ each }) => each((proxy) => proxy.set({ kind: 'hung handshake' }))],
  ['is gone', ({ server }) => server.kill()],
];

describe('a process ends by itself, in time and clean, while Redis', () => {
  const rows: string[] = [];
  let build: FleetBuild;
  let source: RedisServer;
  let place: ServerPlace;

  beforeAll(async () => {
    [build, source] = await Promise.all([buildFaults(), startRedisServer()]);
  });

  afterAll(async () => {
    await source.stop();
    await build.remove();
    const head = '| end of a process while Redis | took, ms |\n| --- | --- |';
    process.stdout.write(`\n${head}\n${rows.join('\n')}\n\n`);
  });

  beforeEach(async () => {
    place = await serverPlace({ proxied: true });
  });

  afterEach(() => place.stop());

  it.each(HANGS)('%s: without Nest', async (what, hang) => {
    const worker = new FaultProcess(build.worker);
    try {
      await worker.ready();
      const redis = place.redis(0);
      const spec = {
        redis,
        namespace: 'faults',
        source: source.url,
        member: 0,
        members: 1,
        clockOffsetMs: 0,
      };
      await worker.ask('start', spec);
      await worker.ask('startLoad');
      await delay(UNDER_LOAD_MS);
      await hang(place);
      await delay(UNDER_LOAD_MS / 3);
      const since = performance.now();
      await worker.ask('stopLoad');
      expect(await worker.stop()).toBeUndefined();
      const ms = Math.round(performance.now() - since);
      rows.push(`| ${what} | ${ms} |`);
      expect(ms).toBeLessThan(SHUTDOWN_DEADLINE_MS + SLACK_MS);
    } finally {
      await worker.stop();
    }
  });

  it.each(
    (['app.close()', 'SIGTERM'] as const).flatMap((how) =>
      HANGS.map(([what, hang]) => [what, how, hang] as const),
    ),
  )('%s: by %s', async (what, how, hang) => {
    const app = await FaultApp.start(
      join(build.directory, 'test/support/fault-nest.js'),
      place.proxies[0]!.url,
    );
    try {
      await delay(UNDER_LOAD_MS);
      await hang(place);
      await delay(UNDER_LOAD_MS / 3);
      const { ms, ...end } = await app.end(how, 2 * SHUTDOWN_DEADLINE_MS);
      rows.push(`| ${what}, by ${how} | ${Math.round(ms)} |`);
      expect(end).toEqual({ exitCode: 0, signal: null, printed: '' });
      expect(ms).toBeLessThan(SHUTDOWN_DEADLINE_MS + SLACK_MS);
    } finally {
      app.kill();
    }
  });

  it('has just hung up, and a refresh in the background never ends: at its deadline', async () => {
    const deadline = 300;
    const redis = place.server.url;
    const engine = await startEngine({ redis, shutdownDeadline: deadline });
    const items = engine.cache<string>({ ttl: '1ms', staleWhileRevalidate: '1m' });
    await items.getOrLoad(['1'], () => 'value');
    await delay(2);
    const never = new ManualLoader<string>();
    expect(await items.getOrLoad(['1'], never.load)).toBe('value');
    await never.called(1);
    place.server.freeze();
    const since = performance.now();
    await engine.runtime.close();
    const ms = performance.now() - since;
    // A timer may be a millisecond early.
    expect(ms).toBeGreaterThan(deadline - 2);
    expect(ms).toBeLessThan(deadline + SLACK_MS);
  });
});
