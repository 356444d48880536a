import type { Codec } from '../codec/codec.js';
import { CacheError } from '../errors.js';
import type { Resident } from '../stores/near-store.js';
import type { Found } from '../stores/store.js';
import type { BoundCache } from './bound-cache.js';
import { latelyOn, type Clock } from './clock.js';
import type { Entry, KeepsEntry } from './entry.js';
import type { CacheEvents } from './events.js';
import type { Generations } from './generations.js';
import { Outcome } from './outcome.js';
import type { ReadRequest } from './read-request.js';

/** What stands for the value of an entry that nobody can read. */
export const UNUSABLE: unique symbol = Symbol('unusable');

/** Entries whose time is over that soon, milliseconds, are judged by the time as it is. */
const MOMENT_MS = 1_000;

/** Judges entries by their age and origin, takes out their values, and keeps them in L1. */
export class EntryReader {
  constructor(
    private readonly codec: Codec,
    private readonly clock: Clock,
    private readonly generations: Generations,
    private readonly events: CacheEvents,
  ) {}

  /** The time by which entries are judged, milliseconds since the epoch. */
  now(): number {
    return this.clock.now();
  }

  /** The same as it was a moment ago, which costs less. */
  lately(): number {
    return latelyOn(this.clock);
  }

  /**
   * The entry of a key in L1, if it is fresh.
   *
   * @param lately the time a moment ago: it decides alone while there is more than a moment left
   */
  freshInL1(cache: BoundCache, key: string, lately: number): Resident | undefined {
    const resident = cache.near?.find(key, lately);
    if (resident === undefined) return undefined;
    const until = Math.min(resident.until, resident.freshUntil);
    if (until - lately < MOMENT_MS && until <= this.clock.now()) return undefined;
    return cache.made(resident) ? resident : undefined;
  }

  /** The value of an entry in L1, for one caller; {@link UNUSABLE}, and the entry is gone, when it can't be made. */
  valueOf(cache: BoundCache, key: string, resident: Resident): unknown {
    try {
      return resident.value.take(cache.policy);
    } catch (error) {
      return this.forget(cache, key, error);
    }
  }

  private forget(cache: BoundCache, key: string, error: unknown): typeof UNUSABLE {
    this.noteInvalid(cache);
    cache.near?.delete(key);
    this.events.problems.emit({ operation: 'read', error });
    return UNUSABLE;
  }

  /** What L1 has under a key, if it is fresh. */
  outcomeInL1(cache: BoundCache, key: string, lately: number): Outcome | undefined {
    const resident = this.freshInL1(cache, key, lately);
    if (resident === undefined) return undefined;
    const value = this.valueOf(cache, key, resident);
    if (value === UNUSABLE) return undefined;
    return new Outcome(value, () => resident.value.take(cache.policy), 'hit', 'l1', resident);
  }

  /** Removes what lies under a key, in the store if it still is what was seen there. */
  async drop({ cache, key }: ReadRequest, seen: string): Promise<void> {
    if (cache.hasL1) cache.near?.delete(key);
    if (seen !== '') await cache.store.discard(key, seen);
  }

  /** What a store found, if it is fresh at `now`, or stale within `staleWhileRevalidate`. A fresh entry goes to L1. */
  usable(request: ReadRequest, found: Found, now = this.now()): Outcome | undefined {
    const { cache } = request;
    const { entry } = found;
    if (found.invalid) this.noteInvalid(cache);
    if (entry === undefined || !cache.made(entry)) return undefined;
    const isFresh = now < entry.freshUntil;
    if (!isFresh && now >= entry.staleUntil) return undefined;
    const outcome = this.decoded(request, found, isFresh ? 'hit' : 'stale');
    if (isFresh && outcome !== undefined) this.fillL1(request, entry, now);
    return outcome;
  }

  /**
   * What a store found, if it is good enough for a warmup.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` when the store could not be asked: it would not store either
   */
  kept(request: ReadRequest, found: Found, keeps: KeepsEntry): Outcome | undefined {
    if (found.unavailable) {
      throw new CacheError(
        'CACHE_REDIS_UNAVAILABLE',
        'Redis could not be asked: what a warmup loads would be stored nowhere.',
      );
    }
    return found.entry !== undefined && keeps(found.entry) ? this.usable(request, found) : undefined;
  }

  /** What a store found, if it may be served in place of a reload that failed, or takes too long. */
  usableOnError(request: ReadRequest, found: Found): Outcome | undefined {
    const { cache } = request;
    const { entry } = found;
    if (entry === undefined || !cache.made(entry)) return undefined;
    const now = this.clock.now();
    // What is fresher than that was found usable, or undecodable.
    return now >= entry.staleUntil && now < entry.errorUntil
      ? this.decoded(request, found, 'stale')
      : undefined;
  }

  /** Keeps an entry in L1, unless something was evicted since the request began. */
  fillL1(request: ReadRequest, entry: Entry, now = this.now()): void {
    if (!request.cache.hasL1 || !this.generations.isCurrentFor(request, entry.tags)) return;
    request.cache.fillL1(request.key, entry, now);
  }

  /** The entry's value for any number of callers. Its bytes are decoded now: damage must show before a promise is made. */
  outcomeOf(cache: BoundCache, entry: Entry, kind: 'hit' | 'stale' | 'miss', tier?: 'l1' | 'l2'): Outcome {
    return Outcome.ofEntry(entry, this.codec, cache.policy, kind, tier);
  }

  /** The value of a load that is not stored, for any number of callers. */
  outcomeOfValue(cache: BoundCache, value: unknown): Outcome {
    return Outcome.ofValue(value, this.codec, cache.policy, 'miss');
  }

  private noteInvalid(cache: BoundCache): void {
    cache.counts.at(this.lately()).invalid += 1;
    const { codec } = this.events;
    if (codec.active) codec.emit({ kind: 'invalid', cache: cache.name });
  }

  private decoded(
    { cache, key }: ReadRequest,
    { entry, seen }: Found,
    kind: 'hit' | 'stale',
  ): Outcome | undefined {
    try {
      return entry && this.outcomeOf(cache, entry, kind, cache.store.tier);
    } catch (error) {
      // Nobody can use it: it goes, and no reader waits for that.
      this.noteInvalid(cache);
      this.events.problems.emit({ operation: 'read', error });
      void cache.store.discard(key, seen);
      return undefined;
    }
  }
}
