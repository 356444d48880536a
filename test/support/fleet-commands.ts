import { setTimeout as delay } from 'node:timers/promises';
import type { Cache } from '../../src/cache-handle.js';
import { tag } from '../../src/definition/template.js';
import { RedisStore } from '../../src/stores/redis/redis-store.js';
import { Gate, startEngine, type EngineUnderTest } from './engine.js';
import { auditOf } from './fleet-audit.js';
import { Hearing } from './fleet-hearing.js';
import { groupOf, racedItems } from './fleet-items.js';
import { breakLibrary } from './fleet-mutants.js';
import type {
  Audit,
  CacheName,
  CallReport,
  CallSpec,
  EngineSpec,
  Lookup,
  RaceReport,
  RaceSpec,
} from './fleet-protocol.js';
import { Raced } from './fleet-raced.js';
import { VersionSource } from './fleet-source.js';
import { wrapMethod } from './fleet-wrap.js';
import { Race } from './fleet-race.js';

type Items = Cache<readonly [item: string]>;

const CHUNK = 500;

interface Opened {
  readonly engine: EngineUnderTest;
  readonly caches: Readonly<Record<CacheName, Items>>;
  readonly raced: Raced;
  readonly hearing: Hearing;
  readonly mend: () => void;
}

/** What a process of a fleet does when it is asked to. Its public methods are the commands. */
export class FleetCommands {
  private opened: Opened | undefined;
  private race: Race | undefined;
  private readonly answers = new Map<string, Gate<unknown>>();

  constructor(private readonly onLoading: (item: string) => void) {}

  /** Starts an engine of its own with both caches, and ends the one before. */
  async start({ mutant, ...options }: EngineSpec): Promise<void> {
    await this.close();
    const engine = await startEngine(options);
    const tags = (item: string) => [tag`item:${item}`, tag`group:${groupOf(item)}`, tag`items`];
    const mend = breakLibrary(mutant, engine.runtime);
    this.opened = {
      engine,
      mend,
      hearing: new Hearing(engine.runtime),
      caches: {
        items: engine.cache({ name: 'items', tags }),
        remote: engine.cache({ name: 'remote', l1: false, tags }),
      },
      raced: new Raced(engine),
    };
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    opened?.mend();
    await opened?.engine.runtime.close();
  }

  /** Calls `getOrLoad` as often as asked, at once, and tells what callers got. */
  async getOrLoad({ item, loader, callers = 1, at = 0, cache = 'items' }: CallSpec): Promise<CallReport> {
    let loads = 0;
    const load = () => {
      loads += 1;
      if (loader === 'by message') return this.answerOf(item);
      return delay(loader.afterMs ?? 0, loader.value);
    };
    const items = this.running.caches[cache];
    await delay(Math.max(0, at - Date.now()));
    const values = new Map<string, unknown>();
    const errors = new Set<unknown>();
    let slowestMs = 0;
    const call = async () => {
      const since = performance.now();
      try {
        const value = await items.getOrLoad([item], load);
        values.set(JSON.stringify(value), value);
      } catch (error) {
        errors.add(error);
      }
      slowestMs = Math.max(slowestMs, performance.now() - since);
    };
    await Promise.all(Array.from({ length: callers }, call));
    const messages = [...errors].map((error) => (error instanceof Error ? error.message : String(error)));
    return {
      loads,
      values: [...values.values()],
      errors: [...new Set(messages)],
      errorObjects: errors.size,
      slowestMs,
    };
  }

  /** Ends a loader that waits with a value. */
  answer(item: string, value: unknown): void {
    this.takeAnswer(item).resolve(value);
  }

  /** Ends a loader that waits with an error. */
  fail(item: string, message: string): void {
    this.takeAnswer(item).reject(new Error(message));
  }

  async lookup(item: string, cache: CacheName = 'items'): Promise<Lookup> {
    const found = await this.running.caches[cache].lookup(item);
    return found.hit ? { hit: true, value: found.value, tier: found.tier } : { hit: false };
  }

  async set(item: string, value: unknown): Promise<void> {
    await this.running.caches.items.set([item], value);
  }

  /** Stores items `item-0` to `item-<count - 1>`. */
  async setMany(count: number): Promise<void> {
    await inChunks(count, (item) => this.set(item, item));
  }

  /** How many of those items can be served, from anywhere. */
  async usable(count: number): Promise<number> {
    const found = await inChunks(count, (item) => this.lookup(item));
    return found.filter(({ hit }) => hit).length;
  }

  async evict(item: string): Promise<void> {
    await this.running.caches.items.evict(item);
  }

  /** Evicts the tag that all items carry. */
  async evictItems(): Promise<void> {
    await this.running.engine.runtime.engine.writes.evictTags([tag`items`]);
  }

  /** Resolves when another process's eviction of that tag has arrived. */
  async hearOfItems(): Promise<void> {
    await this.running.hearing.of(tag`items`);
  }

  /** Sends itself SIGKILL as soon as the command that stores the next loaded value is on its way. */
  dieInStore(): void {
    wrapMethod(
      RedisStore.prototype,
      'storeMany',
      (store) =>
        function (this: RedisStore, ...args) {
          const stored = store.apply(this, args);
          process.kill(process.pid, 'SIGKILL');
          return stored;
        },
    );
  }

  /** Does what no process of a fleet may do. */
  misbehave(how: 'rejects unhandled' | 'prints to stderr'): void {
    if (how === 'prints to stderr') process.stderr.write('a warning\n');
    else void Promise.reject(new Error('a lost error'));
  }

  /** Writes and reads against the clock, until it is over, a violation is found, or `stopRace` is called. */
  async runRace(spec: RaceSpec): Promise<RaceReport> {
    const { engine, raced, hearing } = this.running;
    this.race = new Race(spec, engine, raced, hearing);
    return this.race.run();
  }

  stopRace(): void {
    this.race?.stop();
  }

  /** Whether every other process's last eviction has arrived here. */
  async isRaceQuiet(): Promise<boolean> {
    return (await this.race?.isQuiet()) === true;
  }

  /** Compares all that this process would serve of the race's items with the source. */
  async audit(source: string, members: number): Promise<Audit> {
    const { engine, raced } = this.running;
    const versions = new VersionSource(source);
    try {
      return await auditOf(engine, raced, racedItems(members), versions);
    } finally {
      await versions.close();
    }
  }

  private get running(): Opened {
    if (this.opened === undefined) throw new Error('There is no engine: `start` one first.');
    return this.opened;
  }

  /** A loader's wait for the answer to it. */
  private async answerOf(item: string): Promise<unknown> {
    const gate = new Gate<unknown>();
    this.answers.set(item, gate);
    this.onLoading(item);
    return gate.promise;
  }

  private takeAnswer(item: string): Gate<unknown> {
    const gate = this.answers.get(item);
    if (gate === undefined) throw new Error(`No loader of ${item} waits for an answer.`);
    this.answers.delete(item);
    return gate;
  }
}

async function inChunks<T>(count: number, act: (item: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    const items = Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => `item-${from + i}`);
    results.push(...(await Promise.all(items.map(act))));
  }
  return results;
}
