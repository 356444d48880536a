import type { Codec } from '../codec/codec.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { NearStore } from '../stores/near-store.js';
import type { CacheStore } from '../stores/store.js';
import { EVERYTHING, tagOfCache, type BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import { expiresAt, type Entry } from './entry.js';
import type { Generations } from './generations.js';
import { EntryMaker } from './entry-maker.js';
import { UNKNOWN_LIFETIME_MS, type ReadOverrides } from './read-request.js';

/**
 * Puts and evictions. Each reaches the shared store first and this process's memory after it: a read that
 * slips in between may still see the old value, but its generation ends before the promise resolves, so it
 * can fill nothing and nobody joins it later.
 */
export class Writes {
  private readonly maker: EntryMaker;

  constructor(
    codec: Codec,
    private readonly clock: Clock,
    private readonly generations: Generations,
    /** Every store that this process has, in memory and shared. */
    private readonly stores: () => {
      readonly memory: readonly NearStore[];
      readonly shared: CacheStore | undefined;
    },
  ) {
    this.maker = new EntryMaker(codec, clock);
  }

  /**
   * Stores a value whatever is there or being loaded. One that is not to be stored evicts.
   *
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE` or `CACHE_INVALID_OPTION`; the old entry is evicted all the same
   */
  async put(
    cache: BoundCache,
    args: readonly unknown[],
    value: unknown,
    overrides?: ReadOverrides,
  ): Promise<void> {
    const key = cache.keyOf(...args);
    cache.check(key);
    const tags = cache.tagsOf(args, overrides?.tags);
    const tokens = cache.policy.enabled ? await cache.store.tokens(tags, UNKNOWN_LIFETIME_MS) : undefined;
    if (tokens === undefined) return this.evict(cache, [key]);

    let entry: Entry | undefined;
    try {
      entry = this.maker.make({ cache, args, allTags: tags, ttl: overrides?.ttl }, value, tokens);
    } catch (error) {
      await this.evict(cache, [key]);
      throw error;
    }
    if (entry === undefined) return this.evict(cache, [key]);
    const lifetime = expiresAt(entry) - entry.createdAt;
    if (lifetime > UNKNOWN_LIFETIME_MS) await cache.store.tokens(tags, lifetime);

    this.endGeneration(cache, key);
    const generation = this.generations.of(key, tags);
    const stored = await cache.store.put(key, entry);
    if (!stored) return this.evict(cache, [key]);
    // Any other write meanwhile ended the generation: which of the two came last, only the store knows.
    const alone = this.generations.of(key, tags) === generation;
    // A reader that began meanwhile may have found the old value: it must not fill L1 after us.
    if (cache.hasL1) this.endGeneration(cache, key);
    if (alone) cache.fillL1(key, entry, this.clock.now());
  }

  /** Removes entries by key. */
  async evict(cache: BoundCache, keys: readonly string[]): Promise<void> {
    await cache.store.evict(keys);
    for (const key of keys) this.endGeneration(cache, key);
  }

  /** Makes every entry that carries one of the tags unusable. */
  async evictTags(tags: readonly (CacheTag | string)[]): Promise<void> {
    if (tags.length === 0) return;
    await this.stores().shared?.evictTags(tags);
    this.evictTagsHere(tags);
  }

  /** The part of {@link evictTags} that concerns this process alone. */
  evictTagsHere(tags: readonly (CacheTag | string)[]): void {
    // All memory stores of a process share the tag tokens.
    this.stores().memory[0]?.evictTags(tags);
    for (const tag of tags) this.generations.end(tag);
  }

  /** Removes every entry whose key matches; tells how many there were where entries are at home. */
  async evictMatching(pattern: CachePattern): Promise<number> {
    const { memory, shared } = this.stores();
    const inRedis = await shared?.evictMatching(pattern);
    this.generations.endAll();
    let inMemory = 0;
    for (const store of memory) inMemory += store.evictMatching(pattern);
    return inRedis ?? inMemory;
  }

  /** Evicts all of one cache. */
  clear(cache: BoundCache): Promise<void> {
    return this.evictTags([tagOfCache(cache.name)]);
  }

  /** Evicts all of the namespace. */
  clearAll(): Promise<void> {
    return this.evictTags([EVERYTHING]);
  }

  private endGeneration(cache: BoundCache, key: string): void {
    this.generations.end(key);
    if (cache.hasL1) cache.near?.delete(key);
  }
}
