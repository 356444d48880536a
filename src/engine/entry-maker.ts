import type { Codec } from '../codec/codec.js';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import type { CacheEvents } from './events.js';
import { valueIn } from './entry-value.js';
import { freshFor } from './fresh-for.js';
import type { Policy } from './policy.js';
import type { ReadRequest } from './read-request.js';
import { newEntryId } from './token.js';

/** What an entry is made from, beside its value and its tokens. */
export type EntrySource = Pick<ReadRequest, 'cache' | 'args' | 'allTags' | 'ttl'>;

/** Makes entries from values. */
export class EntryMaker {
  constructor(
    private readonly codec: Codec,
    private readonly clock: Clock,
    private readonly events: CacheEvents,
  ) {}

  /**
   * The entry to store for a value, or `undefined` when its ttl says that it is not to be stored.
   *
   * @param loadCost milliseconds that the load took, 0 for a put
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE`, or `CACHE_INVALID_OPTION` from a ttl function; what `revive` throws
   */
  make(
    { cache, args, allTags, ttl }: EntrySource,
    value: unknown,
    tokens: readonly string[],
    loadCost: number,
  ): Entry | undefined {
    const { policy, name } = cache;
    const times = this.times(policy, freshFor(policy, name, value, args, ttl));
    if (times === undefined) return undefined;
    try {
      const entry: Entry = {
        id: newEntryId(),
        cache: name,
        version: policy.version,
        ...times,
        loadCost,
        tags: allTags,
        tokens,
        payload: this.codec.encode(value),
      };
      // What cannot be revived must not be stored: it would be a miss each time, or an error on a hit in memory.
      if (policy.revive !== undefined) valueIn(entry, this.codec, policy);
      return entry;
    } catch (error) {
      if (this.events.codec.active) this.events.codec.emit({ kind: 'refused', cache: name });
      throw error;
    }
  }

  /**
   * The same entry with a lifetime that begins now, or `undefined` when it is unusable, or its ttl says that it is
   * not to be kept.
   */
  renew(
    { cache: { policy, name }, args, ttl }: Omit<EntrySource, 'allTags'>,
    entry: Entry,
  ): Entry | undefined {
    let value: unknown;
    try {
      value = valueIn(entry, this.codec, policy);
    } catch {
      // Bytes or fields that no reader could use either: a miss, not the caller's error.
      return undefined;
    }
    const times = this.times(policy, freshFor(policy, name, value, args, ttl));
    return times && { ...entry, ...times };
  }

  private times(
    policy: Policy,
    fresh: number,
  ): Pick<Entry, 'createdAt' | 'freshUntil' | 'staleUntil' | 'errorUntil'> | undefined {
    if (fresh === 0) return undefined;
    const createdAt = this.clock.now();
    const freshUntil = createdAt + fresh;
    return {
      createdAt,
      freshUntil,
      staleUntil: freshUntil + policy.staleWhileRevalidate,
      errorUntil: freshUntil + policy.staleIfError,
    };
  }
}
