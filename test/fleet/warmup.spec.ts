import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { buildFleet, type FleetBuild } from '../support/fleet-build.js';
import type { WarmupTold, WarmupWork } from '../support/fleet-warmup-messages.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const TIMEOUT_MS = 60_000;
const IDS = Array.from({ length: 10 }, (_, i) => String(i));

/** A process of its own with the application, and what it has told. */
class Instance {
  readonly told: WarmupTold[] = [];
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();
  private readonly ended: Promise<unknown>;

  constructor(worker: string, work: WarmupWork) {
    this.child = fork(worker, {
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, WARMUP_WORK: JSON.stringify(work) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (told: WarmupTold) => {
      this.told.push(told);
      for (const look of this.waiting) look();
    });
    this.ended = once(this.child, 'close');
  }

  /** What it has loaded, in order. */
  get loads(): string[] {
    return this.told.flatMap((told) => (told.kind === 'loading' ? [told.id] : []));
  }

  /** Resolves when it has told that. */
  when(what: Partial<WarmupTold>): Promise<void> {
    const isSo = () =>
      this.told.some((told) =>
        Object.entries(what).every(
          ([name, value]) => (told as unknown as Record<string, unknown>)[name] === value,
        ),
      );
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  tick(): void {
    this.child.send('tick');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Lets it close everything and end by itself; tells its exit code. */
  async end(): Promise<number | null> {
    if (this.child.connected) this.child.send('end');
    await this.ended;
    return this.child.exitCode;
  }
}

describe('a warmup whose instance is killed', () => {
  let build: FleetBuild;
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    build = await buildFleet();
    server = await startRedisServer();
    redis = new Redis(server.url);
  }, TIMEOUT_MS);

  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
    await build?.remove();
  });

  it(
    'goes on in another one, which loads what is missing and nothing else',
    async () => {
      const worker = join(build.directory, 'test/support/fleet-warmup-worker.js');
      const work = { url: server.url, namespace: 'killed', ids: IDS };
      const leader = new Instance(worker, { ...work, hangsAt: '6' });
      const others = [new Instance(worker, work), new Instance(worker, work)];
      await Promise.all([leader, ...others].map((instance) => instance.when({ event: 'ready' })));

      leader.tick();
      await leader.when({ kind: 'loading', id: '6' });
      for (const other of others) other.tick();
      await leader.kill();

      const ends = others.map((other) =>
        Promise.race([
          other.when({ event: 'finished', outcome: 'done', done: 10 }).then(() => 'done'),
          other.when({ event: 'skipped', reason: 'it has been run elsewhere' }).then(() => 'skipped'),
        ]),
      );
      expect((await Promise.all(ends)).toSorted()).toEqual(['done', 'skipped']);
      expect(leader.loads).toEqual(['0', '1', '2', '3', '4', '5', '6']);
      // Between them, what the leader had not stored, once.
      expect(others.flatMap(({ loads }) => loads)).toEqual(['6', '7', '8', '9']);
      expect(await redis.keys('killed:item:*')).toHaveLength(10);
      expect(await Promise.all(others.map((other) => other.end()))).toEqual([0, 0]);
    },
    TIMEOUT_MS,
  );
});
