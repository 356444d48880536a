import type { Codec } from '../codec/codec.js';
import type { Lifetime } from '../definition/duration.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { Found, SharedStore } from '../stores/store.js';
import { ANY_TAG, EVERYTHING, tagOfCache, type BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Coherence } from './coherence.js';
import { expiresAt } from './entry.js';
import type { Generations } from './generations.js';
import { EntryMaker } from './entry-maker.js';
import type { ReadOverrides } from './read-request.js';

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
    /** This process's own memory. */
    private readonly here: Coherence,
    private readonly shared: SharedStore | undefined,
  ) {
    this.maker = new EntryMaker(codec, clock);
  }

  /**
   * Stores a value whatever is there or being loaded. One that is not to be stored evicts.
   *
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE`, `CACHE_INVALID_OPTION`, or `CACHE_INVALID_KEY` for a tag; the old entry is
   * evicted all the same
   */
  async put(
    cache: BoundCache,
    args: readonly unknown[],
    value: unknown,
    overrides?: ReadOverrides,
  ): Promise<void> {
    const key = cache.keyOf(...args);
    cache.check(key);
    let stored = false;
    try {
      stored = await this.store(cache, key, args, value, overrides);
    } finally {
      if (!stored) await this.evict(cache, [key]);
    }
  }

  /** Lets a usable entry live on from now. Tells whether there was one. */
  async touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean> {
    if (!cache.policy.enabled) return false;
    const key = cache.keyOf(...args);
    cache.check(key);
    const tags = cache.tagsOf(args, undefined);
    const noted = this.generations.note(key, tags);
    const { entry } = await cache.store.read(key, tags);
    if (entry === undefined || !cache.made(entry) || this.clock.now() >= entry.staleUntil) return false;
    const renewed = this.maker.renew({ cache, args, ttl }, entry);
    if (renewed === undefined) {
      await this.evict(cache, [key]);
      return false;
    }
    await cache.store.tokens(entry.tags, expiresAt(renewed) - this.clock.now());
    const isReplaced = await cache.store.replace(key, entry.id, renewed);
    if (!isReplaced) return false;
    if (this.generations.isCurrentFor(noted, renewed.tags)) cache.fillL1(key, renewed, this.clock.now());
    // Nobody is to keep it longer than it lives.
    if (expiresAt(renewed) < expiresAt(entry)) await this.shared?.announce({ keys: [key] });
    return true;
  }

  /** There is something newer than what was found under a key, stored or not: nobody is to see the old one. */
  async replaced(cache: BoundCache, key: string, { seen, unavailable }: Found): Promise<void> {
    if (unavailable) return this.evict(cache, [key]);
    if (seen !== '') await cache.store.discard(key, seen);
    this.endGeneration(cache, key);
    await this.shared?.announce({ keys: [key] });
  }

  /** Removes entries by key. */
  async evict(cache: BoundCache, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await cache.store.evict(keys);
    this.here.evict(keys);
    await this.shared?.announce({ keys });
  }

  /** Makes every entry that carries one of the tags unusable. */
  async evictTags(tags: readonly (CacheTag | string)[]): Promise<void> {
    if (tags.length === 0) return;
    // First the one that tells of all: a load that sees a renewed tag sees that one renewed, too.
    await this.shared?.evictTags([ANY_TAG, ...tags]);
    this.here.evictTags(tags);
    await this.shared?.announce({ tags });
  }

  /** Removes every entry whose key matches; tells how many there were where entries are at home. */
  async evictMatching(pattern: CachePattern): Promise<number> {
    const inShared = await this.shared?.evictMatching(pattern);
    const inMemory = this.here.evictMatching(pattern);
    await this.shared?.announce({ patterns: [pattern.text] });
    return inShared ?? inMemory;
  }

  /** Evicts all of one cache. */
  clear(cache: BoundCache): Promise<void> {
    return this.evictTags([tagOfCache(cache.name)]);
  }

  /** Evicts all of the namespace. */
  clearAll(): Promise<void> {
    return this.evictTags([EVERYTHING]);
  }

  private async store(
    cache: BoundCache,
    key: string,
    args: readonly unknown[],
    value: unknown,
    overrides: ReadOverrides | undefined,
  ): Promise<boolean> {
    if (!cache.policy.enabled) return false;
    const argTags = cache.tagsOf(args, overrides?.tags);
    const tags = [...argTags, ...cache.tagsOfValue(value, args, argTags)];
    // At once: what the caller does to the value from here on is not what was to be stored.
    const made = this.maker.make({ cache, args, allTags: tags, ttl: overrides?.ttl }, value, [], 0);
    if (made === undefined) return false;
    // Before the tokens are read: one that is evicted from here on must not be taken for current.
    const noted = this.generations.note(key, tags);
    // Exact: those that are known here may be older than an eviction elsewhere that the caller has waited for.
    const tokens = await cache.store.tokens(tags, expiresAt(made) - made.createdAt, 'exact');
    if (tokens === undefined) return false;
    const entry = { ...made, tokens };
    if (!(await cache.store.put(key, entry))) return false;

    // Any other write meanwhile ended the generation: which of the two came last, only the store knows.
    const alone = this.generations.isCurrentFor(noted, entry.tags);
    this.endGeneration(cache, key);
    if (alone) cache.fillL1(key, entry, this.clock.now());
    await this.shared?.announce({ keys: [key] });
    return true;
  }

  /** A reader that began before may have found what was there then: it must not fill L1 now, nor be joined. */
  private endGeneration(cache: BoundCache, key: string): void {
    if (cache.hasL1) cache.near?.delete(key);
    this.here.replaced(key);
  }
}
