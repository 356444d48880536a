import type { Lifetime } from '../definition/duration.js';
import type { CachePattern } from '../definition/template.js';
import type { HowToEvict } from '../stores/store.js';
import type { ArgsList, BatchLoader } from './batch-reads.js';
import type { BoundCache } from './bound-cache.js';
import type { CacheCalls } from './calls.js';
import type { Entry } from './entry.js';
import { EvictedInside } from './evicted-inside.js';
import type { Loader } from './loads.js';
import type { Outcome } from './outcome.js';
import type { BatchOverrides, ReadOverrides } from './read-request.js';
import type { ReadThrough } from './read-through.js';
import type { Writes } from './writes.js';

export interface TransactionParts {
  readonly reads: Pick<ReadThrough, 'loadAlone' | 'loadManyAlone' | 'pending' | 'skip'>;
  readonly writes: Pick<Writes, 'entryFor' | 'renewed'>;
}

/**
 * The caches as they are seen inside a transaction. Evictions and puts wait here; reads skip what has been evicted
 * here, and see what has been put here. What is loaded is not stored, nor shared with others: it may come from what the
 * transaction has written and will never commit.
 */
export class Transaction implements CacheCalls {
  private state: 'open' | 'over' | 'dropped' = 'open';
  private readonly lenient = new EvictedInside();
  private readonly strict = new EvictedInside();
  private readonly puts = new Map<string, { readonly cache: BoundCache; readonly entry: Entry }>();

  constructor(
    /** What is outside: the transaction around this one, or the engine. */
    private readonly outer: CacheCalls,
    private readonly parts: TransactionParts,
  ) {}

  /** Its work has failed: nothing of it happens. */
  drop(): void {
    this.state = 'dropped';
  }

  /**
   * Its work is done: evicts, then puts. What was put before an eviction that concerns it is not there any more.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` when a strict eviction did not reach Redis; the others are done
   */
  async carryOut(): Promise<void> {
    this.state = 'over';
    const { outer, lenient, strict, puts } = this;
    const evicted = await Promise.allSettled([
      ...evictions(outer, lenient),
      ...evictions(outer, strict, STRICT),
    ]);
    const put = await Promise.allSettled(
      [...puts].map(([key, { cache, entry }]) => outer.putEntry(cache, key, entry)),
    );
    for (const end of [...evicted, ...put]) if (end.status === 'rejected') throw end.reason;
  }

  async find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined> {
    const inside = this.inside(cache, args);
    if (inside !== 'outside') return inside;
    const outcome = await this.outer.find(cache, args);
    return this.isStillThere(outcome) ? outcome : undefined;
  }

  async findMany(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    const inside = argsList.map((args) => this.inside(cache, args));
    const asked = argsList.filter((_, i) => inside[i] === 'outside');
    const found = (asked.length === 0 ? [] : await this.outer.findMany(cache, asked)).values();
    return inside.map((known) => {
      if (known !== 'outside') return known;
      const outcome = found.next().value;
      return this.isStillThere(outcome) ? outcome : undefined;
    });
  }

  async getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (this.state === 'over' || overrides?.bypass === true) {
      return this.outer.getOrLoad(cache, args, loader, overrides);
    }
    const outcome = await this.find(cache, args);
    return outcome === undefined
      ? this.parts.reads.loadAlone(cache, args, loader, overrides)
      : outcome.take();
  }

  async getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly unknown[]> {
    if (this.state === 'over' || overrides?.bypass === true) {
      return this.outer.getOrLoadMany(cache, argsList, loadMissing, overrides);
    }
    const outcomes = await this.findMany(cache, argsList);
    const missing = argsList.filter((_, i) => outcomes[i] === undefined);
    const loaded = (await this.parts.reads.loadManyAlone(cache, missing, loadMissing)).values();
    return outcomes.map((outcome) => (outcome ?? loaded.next().value)?.take());
  }

  async refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (this.state === 'over' || overrides?.bypass === true) {
      return this.outer.refresh(cache, args, loader, overrides);
    }
    const value = await loader();
    if (overrides?.storeIf?.(value) !== false) await this.put(cache, args, value, overrides);
    return this.parts.reads.loadAlone(cache, args, () => value, overrides);
  }

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
      made = this.parts.writes.entryFor(cache, args, value, overrides);
    } finally {
      if (made === undefined) await this.evict(cache, [key]);
    }
    if (made !== undefined) await this.putEntry(cache, key, made);
  }

  async putEntry(cache: BoundCache, key: string, entry: Entry): Promise<void> {
    if (this.state === 'over') return this.outer.putEntry(cache, key, entry);
    // Made by work that has failed meanwhile, so it may hold what was rolled back.
    if (this.state === 'dropped') return this.outer.evict(cache, [key]);
    this.puts.set(key, { cache, entry });
  }

  async touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean> {
    const key = cache.keyOf(...args);
    const put = this.state === 'open' ? this.puts.get(key) : undefined;
    if (put === undefined) {
      return this.hides(key, cache.tagsOf(args, undefined)) ? false : this.outer.touch(cache, args, ttl);
    }
    const entry = this.parts.writes.renewed(cache, args, ttl, put.entry);
    if (entry === undefined) await this.evict(cache, [key]);
    else this.puts.set(key, { cache, entry });
    return entry !== undefined;
  }

  async evict(cache: BoundCache, keys: readonly string[], how?: HowToEvict): Promise<void> {
    if (this.state !== 'open') return this.outer.evict(cache, keys, how);
    this.evicted(how).addKeys(cache, keys);
    for (const key of keys) this.puts.delete(key);
  }

  async evictTags(tags: readonly string[], how?: HowToEvict): Promise<void> {
    if (this.state !== 'open') return this.outer.evictTags(tags, how);
    for (const tag of tags) this.evicted(how).tags.add(tag);
    for (const [key, { entry }] of this.puts) {
      if (entry.tags.some((tag) => tags.includes(tag))) this.puts.delete(key);
    }
  }

  async evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    if (this.state !== 'open') return this.outer.evictMatching(pattern, how);
    this.evicted(how).patterns.set(pattern.text, pattern);
    for (const key of this.puts.keys()) if (pattern.matches(key)) this.puts.delete(key);
    return 0;
  }

  private evicted(how: HowToEvict | undefined): EvictedInside {
    return how?.strict === true ? this.strict : this.lenient;
  }

  /** What was done here with an entry: it was put, it was evicted, or neither. */
  private inside(cache: BoundCache, args: readonly unknown[]): Outcome | undefined | 'outside' {
    if (this.state !== 'open') return 'outside';
    const key = cache.keyOf(...args);
    const { reads } = this.parts;
    const put = this.puts.get(key);
    if (put !== undefined && cache.made(put.entry)) return reads.pending(cache, key, put.entry);
    return this.hides(key, cache.tagsOf(args, undefined)) ? reads.skip(cache, key) : 'outside';
  }

  private hides(key: string, tags: readonly string[]): boolean {
    return this.state === 'open' && (this.lenient.covers(key, tags) || this.strict.covers(key, tags));
  }

  /** The entry may carry more tags than the arguments tell. */
  private isStillThere(outcome: Outcome | undefined): boolean {
    const tags = outcome?.entry?.tags;
    if (tags === undefined || this.state !== 'open') return true;
    return !this.lenient.coversTags(tags) && !this.strict.coversTags(tags);
  }
}

const STRICT: HowToEvict = Object.freeze({ strict: true });

function evictions(
  outer: CacheCalls,
  { tags, patterns, keysOf }: EvictedInside,
  how?: HowToEvict,
): readonly Promise<unknown>[] {
  return [
    ...(tags.size > 0 ? [outer.evictTags([...tags], how)] : []),
    ...[...patterns.values()].map((pattern) => outer.evictMatching(pattern, how)),
    ...[...keysOf].map(([cache, keys]) => outer.evict(cache, [...keys], how)),
  ];
}
