import type { Lifetime } from '../definition/duration.js';
import type { CachePattern } from '../definition/template.js';
import type { HowToEvict } from '../stores/store.js';
import type { ArgsList, BatchLoader } from './batch-loader.js';
import type { BoundCache } from './bound-cache.js';
import type { Loader } from './how-to-load.js';
import type { Outcome } from './outcome.js';
import type { BatchOverrides, ReadOverrides } from './read-request.js';
import type { ReservedPut } from './puts.js';
import type { ReadThrough } from './read-through.js';
import type { Writes } from './writes.js';

/** Everything that can be asked of the caches: of the engine itself, or of what stands in front of it. */
export interface CacheCalls {
  /** What is stored under a key, without loading. */
  find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined>;
  findMany(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]>;
  getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown>;
  getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly unknown[]>;
  /** Loads and stores, whatever is stored already; nobody sees the old value any more when it is over. */
  refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown>;
  /** Stores a value whatever is there or being loaded. One that is not to be stored evicts. */
  put(cache: BoundCache, args: readonly unknown[], value: unknown, overrides?: ReadOverrides): Promise<void>;
  /** Stores what a transaction has put, or evicts what is there. */
  putReserved(put: ReservedPut): Promise<void>;
  /** Lets a usable entry live on from now. Tells whether there was one. */
  touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean>;
  evict(cache: BoundCache, keys: readonly string[], how?: HowToEvict): Promise<void>;
  evictTags(tags: readonly string[], how?: HowToEvict): Promise<void>;
  /** Tells how many entries there were where entries are at home. */
  evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number>;
  /** Does something when what was evicted and put so far holds for everybody; never, if it is dropped. */
  whenFinal(act: () => void): void;
}

/** The engine's own answers, at once and for everybody. */
export class EngineCalls implements CacheCalls {
  constructor(
    protected readonly reads: ReadThrough,
    protected readonly writes: Writes,
  ) {}

  find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined> {
    return this.reads.find(cache, args);
  }

  findMany(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    return this.reads.findMany(cache, argsList);
  }

  getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    return this.reads.getOrLoad(cache, args, loader, overrides);
  }

  getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly unknown[]> {
    return this.reads.getOrLoadMany(cache, argsList, loadMissing, overrides);
  }

  async refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    const { value, ending, found, patience } = await this.reads.refreshes.one(cache, args, loader, overrides);
    if (ending !== 'not wanted') await this.writes.replaced(cache, cache.keyOf(...args), found, patience);
    return value;
  }

  put(cache: BoundCache, args: readonly unknown[], value: unknown, overrides?: ReadOverrides): Promise<void> {
    return this.writes.put(cache, args, value, overrides);
  }

  putReserved(put: ReservedPut): Promise<void> {
    return this.writes.puts.carryOut(put);
  }

  touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean> {
    return this.writes.touch(cache, args, ttl);
  }

  evict(cache: BoundCache, keys: readonly string[], how?: HowToEvict): Promise<void> {
    return this.writes.evict(cache, keys, how);
  }

  evictTags(tags: readonly string[], how?: HowToEvict): Promise<void> {
    return this.writes.evictTags(tags, how);
  }

  evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    return this.writes.evictMatching(pattern, how);
  }

  whenFinal(act: () => void): void {
    act();
  }
}
