import type { Codec } from '../codec/codec.js';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import { freshFor } from './policy.js';
import type { ReadRequest } from './read-request.js';
import { newEntryId } from './token.js';

/** What an entry is made from, beside its value and its tokens. */
export type EntrySource = Pick<ReadRequest, 'cache' | 'args' | 'allTags' | 'ttl'>;

/** Makes entries from values. */
export class EntryMaker {
  constructor(
    private readonly codec: Codec,
    private readonly clock: Clock,
  ) {}

  /**
   * The entry to store for a value, or `undefined` when its ttl says that it is not to be stored.
   *
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE`, or `CACHE_INVALID_OPTION` from a ttl function
   */
  make(
    { cache, args, allTags, ttl }: EntrySource,
    value: unknown,
    tokens: readonly string[],
  ): Entry | undefined {
    const { policy, name } = cache;
    const fresh = freshFor(policy, name, value, args, ttl);
    if (fresh === 0) return undefined;
    const createdAt = this.clock.now();
    const freshUntil = createdAt + fresh;
    return {
      id: newEntryId(),
      cache: name,
      version: policy.version,
      createdAt,
      freshUntil,
      staleUntil: freshUntil + policy.staleWhileRevalidate,
      errorUntil: freshUntil + policy.staleIfError,
      tags: allTags,
      tokens,
      payload: this.codec.encode(value),
    };
  }
}
