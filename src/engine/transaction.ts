import type { Lifetime } from '../definition/duration.js';
import type { CachePattern } from '../definition/template.js';
import type { HowToEvict } from '../stores/store.js';
import type { ArgsList, BatchLoader } from './batch-loader.js';
import type { BoundCache } from './bound-cache.js';
import type { CacheCalls } from './calls.js';
import type { Entry } from './entry.js';
import { EvictedInside } from './evicted-inside.js';
import type { Loader } from './how-to-load.js';
import type { Outcome } from './outcome.js';
import { PutInside } from './put-inside.js';
import type { ReservedPut } from './puts.js';
import type { BatchOverrides, ReadOverrides } from './read-request.js';
import type { ReadThrough } from './read-through.js';
import type { Writes } from './writes.js';

export interface TransactionParts {
  readonly reads: Pick<ReadThrough, 'loadAlone' | 'loadManyAlone' | 'pending' | 'skip'>;
  readonly writes: Pick<Writes, 'entryFor' | 'renewed' | 'puts'>;
}

/** How long after a transaction that failed something may still be put that it has made, milliseconds. */
const AFTERMATH_MS = 60_000;

/**
 * The caches as they are seen inside a transaction. Evictions and puts wait here; reads skip what has been evicted
 * here, and see what has been put here. What is loaded is not stored, nor shared with others: it may come from what the
 * transaction has written and will never commit.
 *
 * It may be remembered long after its end, by whatever was begun inside: then it holds nothing.
 */
export class Transaction implements CacheCalls {
  private state: 'open' | 'over' | 'dropped' = 'open';
  /** On the clock of `performance.now()`. */
  private endedAt = Infinity;
  private readonly lenient = new EvictedInside();
  private readonly strict = new EvictedInside();
  private readonly puts: PutInside;

  private readonly atTheEnd: (() => void)[] = [];

  constructor(
    /** What is outside: the transaction around this one, or the engine. */
    private readonly outer: CacheCalls,
    private readonly parts: TransactionParts,
  ) {
    this.puts = new PutInside(parts.writes.puts);
  }

  /** Its work has failed: nothing of it happens. */
  drop(): void {
    this.puts.giveUp();
    this.end('dropped');
  }

  /**
   * Its work is done: evicts, then puts. What was put before an eviction that concerns it is not there any more.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` when a strict eviction did not reach Redis; the others are done
   */
  async carryOut(): Promise<void> {
    const { outer, lenient, strict } = this;
    const puts = this.puts.take();
    // A put removes what is there, or stores in its place.
    for (const { cache, key } of puts) lenient.keysOf.get(cache)?.delete(key);
    const evicting = () => [...evictions(outer, lenient), ...evictions(outer, strict, STRICT)];
    this.state = 'over';
    const evicted = await Promise.allSettled(evicting());
    const put = await Promise.allSettled(puts.map((each) => outer.putReserved(each)));
    for (const act of this.atTheEnd) outer.whenFinal(act);
    this.end('over');
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
    if (this.passes(cache, overrides)) return this.outer.getOrLoad(cache, args, loader, overrides);
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
    if (this.passes(cache, overrides)) {
      return this.outer.getOrLoadMany(cache, argsList, loadMissing, overrides);
    }
    const outcomes = await this.findMany(cache, argsList);
    const missing = argsList.filter((_, i) => outcomes[i] === undefined);
    const loaded = (await this.parts.reads.loadManyAlone(cache, missing, loadMissing)).values();
    return outcomes.map((outcome) => (outcome ?? loaded.next().value)?.take());
  }

  /** The entry goes at the end: a load that began before an eviction could not be told from one that began after it. */
  async refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (this.passes(cache, overrides)) return this.outer.refresh(cache, args, loader, overrides);
    const value = await this.parts.reads.loadAlone(cache, args, loader, overrides);
    await this.evict(cache, [cache.keyOf(...args)]);
    return value;
  }

  async put(
    cache: BoundCache,
    args: readonly unknown[],
    value: unknown,
    overrides?: ReadOverrides,
  ): Promise<void> {
    if (this.state === 'over' || this.isLongOver) return this.outer.put(cache, args, value, overrides);
    const key = cache.keyOf(...args);
    cache.check(key);
    let made: Entry | undefined;
    try {
      made = this.parts.writes.entryFor(cache, args, value, overrides);
    } finally {
      if (made === undefined) await this.evict(cache, [key]);
    }
    // Made by work that has failed, it may hold what was rolled back.
    if (made !== undefined && this.state === 'dropped') return this.evict(cache, [key]);
    if (made !== undefined) await this.puts.add(cache, key, made, !this.coversGroupOf(key, made.tags));
  }

  /** Of a transaction inside this one. */
  async putReserved(put: ReservedPut): Promise<void> {
    if (this.state !== 'dropped') {
      return this.state === 'over' ? this.outer.putReserved(put) : this.puts.set(put);
    }
    this.parts.writes.puts.giveUp(put);
    return this.evict(put.cache, [put.key]);
  }

  async touch(cache: BoundCache, args: readonly unknown[], ttl: Lifetime | undefined): Promise<boolean> {
    const key = cache.keyOf(...args);
    const put = this.puts.get(cache, key);
    if (put === undefined) {
      // Its value may carry more tags than the arguments tell.
      const isEvicted = this.evictsTags && (await this.find(cache, args)) === undefined;
      return isEvicted || this.hides(key, cache.tagsOf(args, undefined))
        ? false
        : this.outer.touch(cache, args, ttl);
    }
    const entry = this.parts.writes.renewed(cache, args, ttl, put.entry);
    if (entry === undefined) await this.evict(cache, [key]);
    else this.puts.set({ ...put, entry });
    return entry !== undefined;
  }

  async evict(cache: BoundCache, keys: readonly string[], how?: HowToEvict): Promise<void> {
    if (this.state !== 'open') return this.outer.evict(cache, keys, how);
    this.evicted(how).addKeys(cache, keys);
    for (const key of keys) this.puts.forget({ cache, key });
  }

  async evictTags(tags: readonly string[], how?: HowToEvict): Promise<void> {
    if (this.state !== 'open') return this.outer.evictTags(tags, how);
    for (const tag of tags) this.evicted(how).tags.add(tag);
    this.takeBack(this.puts.tagged(tags));
  }

  async evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    if (this.state !== 'open') return this.outer.evictMatching(pattern, how);
    this.evicted(how).patterns.set(pattern.text, pattern);
    this.takeBack(this.puts.matching(pattern));
    return 0;
  }

  whenFinal(act: () => void): void {
    if (this.state === 'open') this.atTheEnd.push(act);
    else if (this.state === 'over') this.outer.whenFinal(act);
  }

  /** A put is evicted before it is stored. What lay there before it goes all the same. */
  private takeBack(puts: readonly ReservedPut[]): void {
    for (const put of puts) {
      this.puts.forget(put);
      this.lenient.addKeys(put.cache, [put.key]);
    }
  }

  private coversGroupOf(key: string, tags: readonly string[]): boolean {
    return this.lenient.coversGroupOf(key, tags) || this.strict.coversGroupOf(key, tags);
  }

  private end(state: 'over' | 'dropped'): void {
    this.state = state;
    this.endedAt = performance.now();
    this.lenient.clear();
    this.strict.clear();
  }

  /** Whether a read is none of its business: it is at an end, or the call uses no cache. */
  private passes(
    cache: BoundCache,
    overrides: { readonly bypass?: boolean | undefined } | undefined,
  ): boolean {
    return this.state !== 'open' || !cache.enabled || overrides?.bypass === true;
  }

  /** What is put now was made after its end. */
  private get isLongOver(): boolean {
    return performance.now() - this.endedAt > AFTERMATH_MS;
  }

  private get evictsTags(): boolean {
    return this.state === 'open' && (this.lenient.tags.size > 0 || this.strict.tags.size > 0);
  }

  private evicted(how: HowToEvict | undefined): EvictedInside {
    return how?.strict === true ? this.strict : this.lenient;
  }

  /** What was done here with an entry: it was put, it was evicted, or neither. */
  private inside(cache: BoundCache, args: readonly unknown[]): Outcome | undefined | 'outside' {
    if (this.state !== 'open' || !cache.enabled) return 'outside';
    const key = cache.keyOf(...args);
    const { reads } = this.parts;
    const put = this.puts.get(cache, key);
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
