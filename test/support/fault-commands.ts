import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Cache } from '../../src/cache-handle.js';
import { key } from '../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from './engine.js';
import { shiftClock } from './fault-clock.js';
import { FaultGauges } from './fault-gauges.js';
import { FaultLoad } from './fault-load.js';
import type { FaultSpec, Footprint, Gauges, LoadReport } from './fault-protocol.js';
import { auditOf } from './fleet-audit.js';
import { racedItems } from './fleet-items.js';
import type { Audit } from './fleet-protocol.js';
import { Raced } from './fleet-raced.js';
import { VersionSource } from './fleet-source.js';

const GAUGES_EVERY_MS = 20;
const LAG_RESOLUTION_MS = 10;
const FLOOD_BATCH = 500;
const BLOCKED_READS = 20;
const TURNS = 50;
const NS_PER_MS = 1e6;

interface Opened {
  readonly spec: FaultSpec;
  readonly engine: EngineUnderTest;
  readonly raced: Raced;
  readonly source: VersionSource;
  readonly probe: Cache<readonly [id: string], string>;
  /** Without memory. */
  readonly timed: Cache<readonly [id: string], string>;
  readonly gauges: FaultGauges;
  readonly look: NodeJS.Timeout;
}

/** What a process of a fault test does when it is asked to. Its public methods are the commands. */
export class FaultCommands {
  private opened: Opened | undefined;
  private load: FaultLoad | undefined;
  private readonly unhandled: string[] = [];
  private readonly warnings = new Set<string>();
  private readonly lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor() {
    const silent = () => undefined;
    const warn = (text: unknown) => void this.warnings.add(String(text));
    Logger.overrideLogger({ log: silent, error: silent, warn });
    process.on('unhandledRejection', (reason) => this.unhandled.push(`rejection: ${textOf(reason)}`));
    process.on('uncaughtException', (error) => this.unhandled.push(`exception: ${textOf(error)}`));
  }

  /** Starts an engine with its caches. */
  async start(spec: FaultSpec): Promise<void> {
    this.shiftClock(spec.clockOffsetMs);
    const source = new VersionSource(spec.source);
    // The connections that are opened from here on are the library's.
    const gauges = new FaultGauges();
    const { redis, namespace } = spec;
    const engine = await startEngine({ redis, namespace });
    const look = setInterval(() => gauges.read(engine.runtime), GAUGES_EVERY_MS);
    const probe = engine.cache<string>({ name: 'probe', key: (id) => key`probe:${id}` });
    const timed = engine.cache<string>({
      name: 'timed',
      key: (id) => key`timed:${id}`,
      staleWhileRevalidate: '1m',
      l1: false,
    });
    this.opened = { spec, engine, raced: new Raced(engine), source, probe, timed, gauges, look };
  }

  /** Makes this process's clock wrong by that much, milliseconds, for whoever looks at it from now on. */
  shiftClock(offsetMs: number): void {
    shiftClock(offsetMs);
  }

  /** Does nothing for so long, milliseconds, while Redis answers; and that several times. */
  async block(ms: number, times: number): Promise<void> {
    const { timed } = this.running;
    for (let time = 0; time < times; time++) {
      for (let id = 0; id < BLOCKED_READS; id++) void timed.lookup(String(id));
      // They are on their way after that many turns, none of which looks for answers.
      for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
      const until = performance.now() + ms;
      while (performance.now() < until);
      await delay(ms);
    }
  }

  /** Puts something that is stale in so many milliseconds, and gone much later. */
  async put(id: string, freshMs: number): Promise<void> {
    await this.running.timed.set([id], id, { ttl: freshMs });
  }

  /** What becomes of it when it is read from Redis. */
  async look(id: string): Promise<'fresh' | 'stale' | 'none'> {
    const found = await this.running.timed.lookup(id);
    return found.hit ? (found.stale ? 'stale' : 'fresh') : 'none';
  }

  /** Evicts that many keys which nobody has. */
  async flood(keys: number): Promise<void> {
    const { probe } = this.running;
    for (let from = 0; from < keys; from += FLOOD_BATCH) {
      await probe.evictMany(Array.from({ length: FLOOD_BATCH }, (_, i) => [`flood:${from + i}`] as const));
      // Else nobody could look at the queue meanwhile.
      await delay(1);
    }
  }

  startLoad(): void {
    const { spec, engine, raced, source } = this.running;
    this.load = new FaultLoad(spec, engine.runtime, raced, source);
    this.lag.enable();
    this.load.start();
  }

  /** Ends the load, and tells what it came to. */
  async stopLoad(): Promise<LoadReport> {
    const { engine, gauges } = this.running;
    const outcome = await this.load?.stop();
    this.lag.disable();
    const problems: Record<string, number> = {};
    for (const { operation, error } of engine.problems) {
      const text = `${operation}: ${String(error)}`;
      problems[text] = (problems[text] ?? 0) + 1;
    }
    // What this keeps for the test is no growth of the library's.
    this.load = undefined;
    this.forgetEvents();
    return {
      calls: outcome?.calls ?? [],
      acknowledged: outcome?.acknowledged ?? [],
      unanswered: outcome?.unanswered ?? [],
      problems,
      unhandled: this.unhandled,
      warnings: [...this.warnings],
      status: engine.runtime.redis?.status(),
      peak: gauges.peak,
      lagMs: Math.max(0, this.lag.max / NS_PER_MS - LAG_RESOLUTION_MS),
    };
  }

  /**
   * Whether everything works as if nothing had been: what is put can be read from memory, and another one is in
   * Redis. Asks the library as users do, so that it is true no sooner than for them.
   */
  async isWell(): Promise<boolean> {
    const { probe, engine, spec } = this.running;
    const id = `${spec.member}-${performance.now()}`;
    await probe.set([id], id);
    const near = await probe.lookup(id);
    // Another name for it: this process's memory has none for the key, so that Redis is asked.
    const { tiers } = await engine.runtime.engine.inspect(`probe:${id}`);
    return near.hit && near.tier === 'l1' && near.value === id && tiers.l2 !== undefined;
  }

  /** Compares all that this process would serve with the source, when its background work has ended. */
  async audit(): Promise<Audit> {
    const { engine, raced, source, spec } = this.running;
    await engine.runtime.engine.background.drain();
    return auditOf(engine, raced, racedItems(spec.members), source);
  }

  gauges(): Gauges {
    const { gauges, engine } = this.running;
    return gauges.read(engine.runtime);
  }

  footprint(): Promise<Footprint> {
    const { gauges, engine } = this.running;
    this.forgetEvents();
    return gauges.footprint(engine.runtime);
  }

  /** Closes the engine and starts another one, which believes nobody but Redis. */
  async restart(): Promise<void> {
    const { spec } = this.running;
    await this.close();
    await this.start(spec);
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    if (opened === undefined) return;
    clearInterval(opened.look);
    await opened.engine.runtime.close();
    await opened.source.close();
  }

  private get running(): Opened {
    if (this.opened === undefined) throw new Error('There is no engine: `start` one first.');
    return this.opened;
  }

  private forgetEvents(): void {
    const { reads, problems } = this.running.engine;
    reads.length = 0;
    problems.length = 0;
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
