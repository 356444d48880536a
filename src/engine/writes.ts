import type { Codec } from '../codec/codec.js';
import type { Lifetime } from '../definition/duration.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { SharedStore } from '../stores/store.js';
import { ANY_TAG, EVERYTHING, tagOfCache, type BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Coherence } from './coherence.js';
import { expiresAt } from './entry.js';
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
    if (isReplaced && this.generations.isCurrentFor(noted, renewed.tags)) {
      cache.fillL1(key, renewed, this.clock.now());
    }
    return isReplaced;
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
    const argTags = cache.tagsOf(args, overrides?.tags);
    const tags = [...argTags, ...cache.tagsOfValue(value, args, argTags)];
    // Before the tokens are read: one that is evicted from here on must not be taken for current.
    const noted = this.generations.note(key, tags);
    const tokens = cache.policy.enabled ? await cache.store.tokens(tags, UNKNOWN_LIFETIME_MS) : undefined;
    if (tokens === undefined) return false;
    const entry = this.maker.make({ cache, args, allTags: tags, ttl: overrides?.ttl }, value, tokens, 0);
    if (entry === undefined) return false;
    const lifetime = expiresAt(entry) - entry.createdAt;
    if (lifetime > UNKNOWN_LIFETIME_MS) await cache.store.tokens(tags, lifetime);
    if (!(await cache.store.put(key, entry))) return false;

    // Any other write meanwhile ended the generation: which of the two came last, only the store knows.
    const alone = this.generations.isCurrentFor(noted, entry.tags);
    // A reader that began meanwhile may have found the old value: it must not fill L1 after us, nor be joined.
    this.endGeneration(cache, key);
    if (alone) cache.fillL1(key, entry, this.clock.now());
    await this.shared?.announce({ keys: [key] });
    return true;
  }

  private endGeneration(cache: BoundCache, key: string): void {
    this.generations.endKey(key);
    if (cache.hasL1) cache.near?.delete(key);
  }
}
