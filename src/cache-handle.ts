import type { Lifetime } from './definition/duration.js';
import type { CacheDefinition } from './definition/define-cache.js';
import type { CacheTag } from './definition/template.js';
import { tagOfCache, type BoundCache } from './engine/bound-cache.js';
import type { CacheEngine } from './engine/cache-engine.js';
import type { Tier } from './engine/events.js';
import type { BatchOverrides, ReadOverrides } from './engine/read-request.js';
import { splitOptions, type EvictOptions } from './evict-options.js';

/** What {@link Cache.lookup} found: a stored `undefined` can be told from nothing stored. */
export type Lookup<Value> =
  | { readonly hit: false }
  | {
      readonly hit: true;
      readonly value: Value;
      /** Milliseconds since the entry was made. */
      readonly age: number;
      /** Whether its ttl is over. */
      readonly stale: boolean;
      /** Where it was found. */
      readonly tier: Tier;
    };

/** What one `set` or `getOrLoad` does differently from the definition. */
export interface CallOverrides<Value = unknown> {
  /** Replaces the definition's ttl. */
  readonly ttl?: Lifetime;
  /** Tags in addition to the definition's. */
  readonly tags?: readonly CacheTag[];
  /** Asked with the loaded value: `false` returns it without storing it. */
  readonly storeIf?: (value: Value) => boolean;
  /** Runs the loader and neither reads nor stores. */
  readonly bypass?: boolean;
}

/** What one `getOrLoadMany` does differently from the definition. */
export interface ManyOverrides<Args extends readonly unknown[], Value = unknown> extends Omit<
  CallOverrides<Value>,
  'storeIf'
> {
  /** Asked with each loaded value and the arguments of its entry: `false` returns it without storing it. */
  readonly storeIf?: (value: Value, args: Args) => boolean;
}

/** What a load gives: the cache's own type of values, or the loader's where the definition names none. */
export type Loaded<Value, V> = unknown extends Value ? V : Value;

/** A function that computes the value of an entry. */
export type Loader<Value> = () => Value | Promise<Value>;

/**
 * The handle of a definition's cache.
 *
 * @example
 * constructor(@InjectCache(botDetails) private readonly details: CacheOf<typeof botDetails>) {}
 */
export type CacheOf<Definition extends CacheDefinition> =
  Definition extends CacheDefinition<infer Args, infer Value> ? Cache<Args, Value> : never;

/**
 * One cache, ready for use: `@InjectCache(definition)` or `cacheService.cache(definition)`.
 *
 * No method fails because Redis does. All reject with CacheError `CACHE_INVALID_KEY` when the arguments make no key.
 */
export class Cache<Args extends readonly unknown[], Value = unknown> {
  /** Made by `CacheService.cache`, not by hand. */
  constructor(
    private readonly engine: CacheEngine,
    private readonly bound: BoundCache,
    private readonly now: () => number,
  ) {}

  /** The cache's name. */
  get name(): string {
    return this.bound.name;
  }

  /** The stored value, `undefined` when there is none. See {@link lookup} to tell that from a stored `undefined`. */
  async get(...args: Args): Promise<Value | undefined> {
    const outcome = await this.engine.calls.find(this.bound, args);
    return outcome?.take() as Value | undefined;
  }

  /** The stored value with its age and where it was found. */
  async lookup(...args: Args): Promise<Lookup<Value>> {
    const outcome = await this.engine.calls.find(this.bound, args);
    if (outcome?.entry === undefined) return { hit: false };
    return {
      hit: true,
      value: outcome.take() as Value,
      age: Math.max(0, this.now() - outcome.entry.createdAt),
      stale: outcome.kind === 'stale',
      tier: outcome.tier ?? 'l1',
    };
  }

  /** Whether something usable is stored. */
  async has(...args: Args): Promise<boolean> {
    return (await this.engine.calls.find(this.bound, args)) !== undefined;
  }

  /**
   * The stored value; else the loader's, which is stored. However many callers ask at the same time, the loader
   * runs once for all of them, and if it throws, all of them get its error and nothing is stored.
   */
  getOrLoad<V extends Value>(
    args: Args,
    loader: Loader<V>,
    overrides?: CallOverrides<V>,
  ): Promise<Loaded<Value, V>> {
    const value = this.engine.calls.getOrLoad(this.bound, args, loader, overrides as ReadOverrides);
    return value as Promise<Loaded<Value, V>>;
  }

  /**
   * Runs the loader and stores what it gives, whatever is stored already. When the promise has resolved, no read that
   * begins later returns the old value.
   */
  refresh<V extends Value>(
    args: Args,
    loader: Loader<V>,
    overrides?: CallOverrides<V>,
  ): Promise<Loaded<Value, V>> {
    const value = this.engine.calls.refresh(this.bound, args, loader, overrides as ReadOverrides);
    return value as Promise<Loaded<Value, V>>;
  }

  /**
   * Stores a value. A load that began before can't overwrite it.
   *
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE` when the value has no stored form; the old one is evicted
   */
  set(args: Args, value: Value, overrides?: Pick<CallOverrides<Value>, 'ttl' | 'tags'>): Promise<void> {
    return this.engine.calls.put(this.bound, args, value, overrides);
  }

  /** The stored values of many entries, in the order of the list; `undefined` where there is none. One round trip. */
  async getMany(argsList: readonly Args[]): Promise<(Value | undefined)[]> {
    const outcomes = await this.engine.calls.findMany(this.bound, argsList);
    return outcomes.map((outcome) => outcome?.take() as Value | undefined);
  }

  /**
   * The values of many entries, in the order of the list. Those that are stored come from the cache; those that
   * somebody is loading already are waited for; the loader is called once with exactly the others, and what it gives
   * is stored. Equal arguments are folded into one.
   *
   * @param loadMissing returns one value for each of the missing argument lists, in their order
   * @throws CacheError `CACHE_INVALID_USE` when it returns anything else; its own error if it throws
   */
  async getOrLoadMany<V extends Value>(
    argsList: readonly Args[],
    loadMissing: (missing: readonly Args[]) => readonly V[] | Promise<readonly V[]>,
    overrides?: ManyOverrides<Args, V>,
  ): Promise<Loaded<Value, V>[]> {
    const loader = loadMissing as (missing: readonly (readonly unknown[])[]) => unknown;
    const how = overrides as BatchOverrides | undefined;
    const values = await this.engine.calls.getOrLoadMany(this.bound, argsList, loader, how);
    return values as Loaded<Value, V>[];
  }

  /** Stores many values at once; of those with equal keys, the last. See {@link set}. */
  async setMany(
    entries: readonly (readonly [args: Args, value: Value])[],
    overrides?: Pick<CallOverrides<Value>, 'ttl' | 'tags'>,
  ): Promise<void> {
    const lastOfKey = new Map(entries.map((entry) => [this.bound.keyOf(...entry[0]), entry]));
    const puts = [...lastOfKey.values()].map(([args, value]) => this.set(args, value, overrides));
    // Not before all are over: what is still under way would not be undone by an eviction that follows.
    const results = await Promise.allSettled(puts);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /**
   * Lets an entry live on, from now, as if it had just been made.
   *
   * @param ttl in place of the definition's; needed where the value tells the ttl
   * @returns whether there was a fresh or stale entry to keep
   */
  touch(args: Args, ttl?: Lifetime): Promise<boolean> {
    return this.engine.calls.touch(this.bound, args, ttl);
  }

  /**
   * Evicts one entry: when the promise has resolved, no read that begins later returns the old value. When Redis can't
   * be reached, the eviction waits in a queue, and what it names is not read until it has been carried out.
   *
   * `{ strict: true }` behind the arguments rejects in that case instead of queueing; the entry is gone from this
   * process's memory all the same.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with `strict` only
   */
  async evict(...args: Args | [...Args, EvictOptions]): Promise<void> {
    const [own, how] = splitOptions(args, this.bound.keyOf.length);
    await this.engine.calls.evict(this.bound, [this.bound.keyOf(...own)], how);
  }

  /** Evicts many entries at once. See {@link evict}. */
  async evictMany(argsList: readonly Args[], how?: EvictOptions): Promise<void> {
    await this.engine.calls.evict(
      this.bound,
      argsList.map((args) => this.bound.keyOf(...args)),
      how,
    );
  }

  /** Evicts every entry of this cache, at the cost of one. See {@link evict}. */
  clear(how?: EvictOptions): Promise<void> {
    return this.engine.calls.evictTags([tagOfCache(this.bound.name)], how);
  }
}
