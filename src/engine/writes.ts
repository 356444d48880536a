import type { Codec } from '../codec/codec.js';
import type { Lifetime } from '../definition/duration.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { Found, HowToEvict, SharedStore } from '../stores/store.js';
import { ANY_TAG, type BoundCache } from './bound-cache.js';
import type { Invalidation } from './bus.js';
import type { Clock } from './clock.js';
import type { Coherence } from './coherence.js';
import { expiresAt, type Entry } from './entry.js';
import type { CacheEvents } from './events.js';
import type { Generations } from './generations.js';
import { EntryMaker } from './entry-maker.js';
import type { LeaseLimits } from './lease-keeper.js';
import { Patience } from './patience.js';
import { Puts } from './puts.js';
import type { ReadOverrides } from './read-request.js';
import { tellEvictions } from './telling.js';

export interface WritesParts {
  readonly codec: Codec;
  readonly clock: Clock;
  readonly generations: Generations;
  /** This process's own memory. */
  readonly here: Coherence;
  readonly shared: SharedStore | undefined;
  readonly events: CacheEvents;
  /** How long one call waits for the shared store, milliseconds. */
  readonly patience: number;
  readonly lease: LeaseLimits;
}

/**
 * Puts and evictions. Each reaches the shared store first and this process's memory after it: a read that
 * slips in between may still see the old value, but its generation ends before the promise resolves, so it
 * can fill nothing and nobody joins it later.
 */
export class Writes {
  private readonly maker: EntryMaker;
  private readonly clock: Clock;
  private readonly generations: Generations;
  private readonly here: Coherence;
  private readonly shared: SharedStore | undefined;
  /** Stores entries that have been made. */
  readonly puts: Puts;

  constructor(private readonly parts: WritesParts) {
    const { codec, clock, generations, here, shared } = parts;
    this.puts = new Puts({
      ...parts,
      announce: (key, patience) => this.announce({ keys: [key] }, patience),
      evict: (cache, key) => this.evict(cache, [key]),
    });
    this.clock = clock;
    this.generations = generations;
    this.here = here;
    this.shared = shared;
    this.maker = new EntryMaker(codec, clock, parts.events);
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
    let made: Entry | undefined;
    try {
      made = this.entryFor(cache, args, value, overrides);
    } finally {
      if (made === undefined) await this.evict(cache, [key]);
    }
    if (made !== undefined) await this.puts.put(cache, key, made);
  }

  /**
   * The entry to put, without tokens: made at once, so that what the caller does to the value later is not stored.
   * `undefined` for what is not to be stored.
   */
  entryFor(
    cache: BoundCache,
    args: readonly unknown[],
    value: unknown,
    overrides?: ReadOverrides,
  ): Entry | undefined {
    if (!cache.enabled) return undefined;
    const argTags = cache.tagsOf(args, overrides?.tags);
    const tags = [...argTags, ...cache.tagsOfValue(value, args, argTags)];
    return this.maker.make({ cache, args, allTags: tags, ttl: overrides?.ttl }, value, [], 0);
  }

  /** A usable entry with a lifetime that begins now; `undefined` when it is not to be kept. */
  renewed(
    cache: BoundCache,
    args: readonly unknown[],
    ttl: Lifetime | undefined,
    entry: Entry,
  ): Entry | undefined {
    return this.maker.renew({ cache, args, ttl }, entry);
  }

  /** Lets a usable entry live on from now. Tells whether there was one. */
  async touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean> {
    if (!cache.enabled) return false;
    const key = cache.keyOf(...args);
    cache.check(key);
    const tags = cache.tagsOf(args, undefined);
    const noted = this.generations.note(key, tags);
    const patience = this.patience();
    const { entry } = await patience.spend(cache.store.read(key, tags));
    if (entry === undefined || !cache.made(entry) || this.clock.now() >= entry.staleUntil) return false;
    const renewed = this.renewed(cache, args, ttl, entry);
    if (renewed === undefined) {
      await this.evict(cache, [key]);
      return false;
    }
    const { store } = cache;
    await patience.wait(store.tokens(entry.tags, expiresAt(renewed) - this.clock.now()), undefined);
    const isReplaced = await patience.wait(store.replace(key, entry.id, renewed), false);
    if (!isReplaced) return false;
    if (this.generations.isCurrentFor(noted, renewed.tags)) cache.fillL1(key, renewed, this.clock.now());
    // Nobody is to keep it longer than it lives.
    if (expiresAt(renewed) < expiresAt(entry)) await this.announce({ keys: [key] }, patience);
    return true;
  }

  /** There is something newer than what was found under a key, stored or not: nobody is to see the old one. */
  async replaced(
    cache: BoundCache,
    key: string,
    { seen, unavailable }: Found,
    patience = this.patience(),
  ): Promise<void> {
    if (unavailable) return this.evict(cache, [key]);
    if (seen !== '') await patience.spend(cache.store.discard(key, seen));
    this.endGeneration(cache, key);
    await this.announce({ keys: [key] }, patience);
  }

  /** Removes entries by key. */
  async evict(cache: BoundCache, keys: readonly string[], how?: HowToEvict): Promise<void> {
    if (keys.length === 0) return;
    const patience = this.patience();
    try {
      await patience.spend(cache.store.evict(keys, how));
    } finally {
      this.here.evict(keys);
    }
    await this.announceEviction({ keys }, patience, how);
  }

  /** Makes every entry that carries one of the tags unusable. */
  async evictTags(tags: readonly (CacheTag | string)[], how?: HowToEvict): Promise<void> {
    if (tags.length === 0) return;
    const patience = this.patience();
    try {
      // First the one that tells of all: a load that sees a renewed tag sees that one renewed, too.
      if (this.shared !== undefined) await patience.spend(this.shared.evictTags([ANY_TAG, ...tags], how));
    } finally {
      this.here.evictTags(tags);
    }
    await this.announceEviction({ tags }, patience, how);
  }

  /** Removes every entry whose key matches; tells how many there were where entries are at home. */
  async evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    const patience = this.patience();
    let inMemory = 0;
    let inShared: number | undefined;
    try {
      inShared = await patience.spend(this.shared?.evictMatching(pattern, how));
    } finally {
      inMemory = this.here.evictMatching(pattern);
    }
    await this.announceEviction({ patterns: [pattern.text] }, patience, how);
    return inShared ?? inMemory;
  }

  private patience(): Patience {
    return new Patience(this.parts.patience);
  }

  private async announceEviction(what: Invalidation, patience: Patience, how?: HowToEvict): Promise<void> {
    await this.announce(what, patience, how);
    tellEvictions(this.parts.events.evictions, 'here', what);
  }

  /** Tells the others. Who insists on it waits until that is done. */
  private async announce(what: Invalidation, patience: Patience, how?: HowToEvict): Promise<void> {
    const announcing = this.shared?.announce(what, how);
    await (how?.strict === true ? announcing : patience.wait(announcing, undefined));
  }

  /** A reader that began before may have found what was there then: it must not fill L1 now, nor be joined. */
  private endGeneration(cache: BoundCache, key: string): void {
    if (cache.hasL1) cache.near?.delete(key);
    this.here.replaced(key);
  }
}
