import { once } from 'node:events';
import { Cluster, Redis } from 'ioredis';
import { Cache } from '../../../src/cache-handle.js';
import type { BoundCache } from '../../../src/engine/bound-cache.js';
import { RedisKeys } from '../../../src/stores/redis/redis-keys.js';
import { MemoryStore } from '../../../src/stores/memory/memory-store.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { FLAVOURS, tagOfId, tagOfOrg, tagOfRun, type Item, type ItemCache } from './flavours.js';
import { addressOf, barrierMessage, Line } from './line.js';
import { Patience } from './patience.js';
import { EVERYTHING } from '../../../src/engine/bound-cache.js';

const NAMESPACE = 'model';
/** Leases end when they are given back or taken, not while a busy machine makes a run take long. */
const LEASE = { ttl: '1h', max: '2h', wait: '1h' } as const;
const DEADLINE_MS = 10_000;

export interface ProcessesOptions {
  /** Of the Redis that two engines share, or of the nodes of a cluster; left out, there is one engine in memory. */
  readonly urls?: readonly string[];
  /** Whether callers wait for somebody else's load, or soon load by themselves without storing. */
  readonly arePatient: boolean;
}

/** An engine as if in a process of its own. */
export interface Process {
  readonly name: string;
  readonly engine: EngineUnderTest;
  readonly line: Line | undefined;
  readonly caches: ReadonlyMap<string, ItemCache>;
  readonly bound: ReadonlyMap<string, BoundCache>;
}

/** The engines under test. They outlive many runs, each of which has items of its own. */
export class Processes {
  readonly clock = new FakeClock();
  /** Told after each bus message that has come to an engine. */
  onHeard: () => void = () => undefined;
  private runs = 0;
  private barriers = 0;
  private list: readonly Process[] = [];

  private constructor(
    readonly options: ProcessesOptions,
    readonly patience: Patience,
    private readonly control: Redis | Cluster | undefined,
  ) {}

  static async start(options: ProcessesOptions): Promise<Processes> {
    const { urls = [] } = options;
    const [url] = urls;
    const control = urls.length > 1 ? new Cluster([...urls]) : url === undefined ? undefined : new Redis(url);
    if (control !== undefined) await once(control, 'ready');
    const processes = new Processes(options, new Patience(options.arePatient), control);
    await processes.restart();
    return processes;
  }

  get all(): readonly Process[] {
    return this.list;
  }

  /** The process of that number, or of the remainder. */
  at(which: number): Process {
    return this.list[which % this.list.length]!;
  }

  /** Numbers the runs: equal numbers give equal keys, which lie on the same masters. */
  nextRun(): number {
    return (this.runs += 1);
  }

  /** Begins with new engines and an empty Redis. */
  async restart(): Promise<void> {
    await this.stopEngines();
    await Promise.all(this.nodes.map((node) => node.flushall()));
    const names = this.options.urls === undefined ? ['A'] : ['A', 'B'];
    // One after the other: they would wait for each other's loads, which takes as long as the test says.
    for (const name of names) this.list = [...this.list, await this.startProcess(name)];
  }

  async stop(): Promise<void> {
    await this.stopEngines();
    this.patience.restore();
    this.control?.disconnect();
  }

  /** Lets those who wait for somebody else's load look by themselves. */
  wakeWaiters(): void {
    for (const { engine } of this.list) engine.runtime.engine.coherence['parts'].waiters.wakeAll();
  }

  /** Lets everything happen that needs no reply, message, answer or passing of time. */
  async settle(): Promise<void> {
    // Twice: what the first turn brings to an end may have asked for one more.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * Lets commands of a process reach Redis, and what Redis tells others by them reach their ends: of one connection
   * after the other, or what they tell would come in any order.
   */
  async carry({ line }: Process, count?: number, lane?: string): Promise<void> {
    for (const name of line?.lanesToCarry(lane) ?? []) {
      if (!(await line?.carry(name, count))) continue;
      const number = (this.barriers += 1);
      const barriers = this.list.map(async (process) => process.line?.barrier(number));
      await this.nodeAt(name)?.publish(new RedisKeys(NAMESPACE).bus, barrierMessage(number));
      await Promise.all(barriers);
    }
  }

  /** Whether somebody holds the lease of a key. */
  async isLeased(key: string): Promise<boolean> {
    const stores = this.list.flatMap(({ bound }) => [...bound.values()].map(({ store }) => store));
    if (stores.some((store) => store instanceof MemoryStore && store['leases'].has(key))) return true;
    return (await this.control?.exists(new RedisKeys(NAMESPACE).lease(key))) === 1;
  }

  /** Takes something from Redis. Tells whether there is one. */
  async lose({ run, id, key }: Item, what: 'lease' | 'entry' | 'tokens'): Promise<boolean> {
    const keys = new RedisKeys(NAMESPACE);
    const tags = [tagOfRun(run), tagOfId(run, id), tagOfOrg(run, id), '%any'];
    const names = {
      lease: [keys.lease(key)],
      entry: [keys.entry(key)],
      tokens: tags.map((t) => keys.tag(t)),
    };
    await this.unlink(names[what]);
    return this.control !== undefined;
  }

  /** Removes what a run has left in Redis: patterns look at every key there is. */
  async forget(items: readonly Item[]): Promise<void> {
    const keys = new RedisKeys(NAMESPACE);
    const names = items.flatMap(({ run, id, key }) => [
      ...[keys.entry(key), keys.lease(key)],
      ...[tagOfRun(run), tagOfId(run, id), tagOfOrg(run, 0), tagOfOrg(run, 1)].map((t) => keys.tag(t)),
    ]);
    await this.unlink(names);
  }

  /** Lets the engines ask again for every token. */
  forgetTokens(): void {
    for (const { engine } of this.list) {
      for (const tokens of engine.runtime.engine.coherence['parts'].tags) tokens.forgetAll();
    }
  }

  private async startProcess(name: string): Promise<Process> {
    const { urls } = this.options;
    const [url] = urls ?? [];
    const redis = urls !== undefined && urls.length > 1 ? { cluster: urls } : url !== undefined && { url };
    const engine = await startEngine({
      namespace: NAMESPACE,
      clock: this.clock,
      // After a failure, loads may be under way that will never end.
      shutdownDeadline: 0,
      lease: LEASE,
      ...(redis && { redis: { ...redis, deadline: DEADLINE_MS } }),
    });
    const { runtime } = engine;
    const bound = new Map(FLAVOURS.map((flavour) => [flavour.name, runtime.engine.bind(flavour.definition)]));
    const caches = new Map<string, ItemCache>();
    for (const [cache, itsBound] of bound) {
      caches.set(cache, new Cache(runtime.engine, itsBound, () => this.clock.now()));
    }
    await warmUp(engine, caches, name.codePointAt(0) ?? 0);
    // Events of every read would pile up over thousands of runs.
    engine.reads.length = 0;
    const line = urls === undefined ? undefined : new Line(engine, () => this.onHeard());
    return { name, engine, line, caches, bound };
  }

  private get nodes(): readonly Redis[] {
    const { control } = this;
    return control === undefined ? [] : control instanceof Cluster ? control.nodes('master') : [control];
  }

  private nodeAt(address: string): Redis | undefined {
    return this.nodes.find((node) => addressOf(node) === address);
  }

  private async unlink(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => this.control?.unlink(name)));
  }

  private async stopEngines(): Promise<void> {
    this.wakeWaiters();
    for (const { line, engine } of this.list) {
      await line?.release();
      await engine.runtime.close();
    }
    this.list = [];
  }
}

/** Sees that Redis knows every script: a run would else begin with commands that others have not. */
async function warmUp({ runtime }: EngineUnderTest, caches: Process['caches'], id: number): Promise<void> {
  const cache = caches.get('stale');
  const args = [0, id] as const;
  const value = { item: '', version: 0, org: 0, list: [], at: new Date(), by: new Map(), nothing: undefined };
  await cache?.set(args, value);
  await cache?.touch(args);
  await cache?.refresh(args, () => value);
  await cache?.getOrLoad([0, -id], () => Promise.reject(new Error('warming up'))).catch(() => undefined);
  await runtime.engine.writes.evictTags([EVERYTHING]);
}
