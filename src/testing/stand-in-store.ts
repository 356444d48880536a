import type { CachePattern } from '../definition/template.js';
import type { Clock } from '../engine/clock.js';
import type { Entry } from '../engine/entry.js';
import { TagTokens } from '../engine/tag-tokens.js';
import type { RemoteStore } from '../resilience/guarded-store.js';
import { MemoryStore } from '../stores/memory/memory-store.js';
import type { MemoryLimits } from '../stores/near-store.js';
import type { Acquired, Found } from '../stores/store.js';

/** How the stand-in behaves: as Redis does when all is well, when it refuses everything, when it hangs. */
export type Mood = 'works' | 'fails' | 'hangs';

/** A store in memory in place of Redis, that can be told to fail. Answers come as late as those of a real one do. */
export class StandInStore implements RemoteStore {
  readonly tier = 'l2';
  private readonly memory: MemoryStore;
  private its: Mood = 'works';
  private hung: (() => void)[] = [];

  constructor(limits: MemoryLimits, clock: Clock) {
    this.memory = new MemoryStore(limits, TagTokens.forEntries(limits.maxEntries, clock), clock);
  }

  get mood(): Mood {
    return this.its;
  }

  /** What hangs from the time before is lost, as with a connection. */
  become(mood: Mood): void {
    this.its = mood;
    for (const release of this.hung.splice(0)) release();
  }

  /** A sign of life. */
  ping(): Promise<void> {
    return this.act(() => undefined);
  }

  identity(): Promise<readonly string[]> {
    return this.act(() => ['stand-in']);
  }

  read(key: string): Promise<Found> {
    return this.act(() => this.memory.read(key));
  }

  readMany(keys: readonly string[]): Promise<readonly Found[]> {
    return this.act(() => this.memory.readMany(keys));
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    return this.act(() => this.memory.acquire(key, lease, leaseMs, seen));
  }

  extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.act(() => this.memory.extend(key, lease, leaseMs));
  }

  tokens(tags: readonly string[]): Promise<readonly string[]> {
    return this.act(() => this.memory.tokens(tags));
  }

  store(key: string, lease: string, entry: Entry): Promise<boolean> {
    return this.act(() => this.memory.store(key, lease, entry));
  }

  release(key: string, lease: string): Promise<void> {
    return this.act(() => this.memory.release(key, lease));
  }

  seize(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.act(() => this.memory.seize(key, lease, leaseMs));
  }

  replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    return this.act(() => this.memory.replace(key, seen, entry));
  }

  evict(keys: readonly string[]): Promise<void> {
    return this.act(() => this.memory.evict(keys));
  }

  evictTags(tags: readonly string[]): Promise<void> {
    return this.act(() => this.memory.evictTags(tags));
  }

  evictMatching(pattern: CachePattern): Promise<number> {
    return this.act(() => this.memory.evictMatching(pattern));
  }

  discard(key: string, seen: string): Promise<void> {
    return this.act(() => this.memory.discard(key, seen));
  }

  private async act<T>(work: () => T): Promise<T> {
    const { mood } = this;
    if (mood === 'hangs') await new Promise<void>((release) => this.hung.push(release));
    if (mood !== 'works') throw new Error(`The cache of this test ${mood}, as it was told to.`);
    return work();
  }
}
