import type { BoundCache } from './bound-cache.js';
import type { Generations } from './generations.js';
import { Deadlines } from './deadlines.js';
import { Patience } from './patience.js';
import type { ReadOverrides, ReadRequest } from './read-request.js';

/** Notes what is to stay the same on the way of a read through the tiers, and what had been evicted when it began. */
export class Requests {
  /** Of those who wait for the shared store. */
  private readonly deadlines = new Deadlines();

  /** @param patience how long one call waits for the shared store, milliseconds */
  constructor(
    private readonly generations: Generations,
    private readonly patience: number,
  ) {}

  /** @throws CacheError `CACHE_INVALID_KEY` */
  of(
    cache: BoundCache,
    args: readonly unknown[],
    key: string,
    overrides: ReadOverrides | undefined,
    patience = this.patienceFor(cache),
  ): ReadRequest {
    cache.check(key);
    const allTags = cache.tagsOf(args, overrides?.tags);
    // Written out: it is made for each read, and a spread costs as much as all the rest of it.
    const { keyStripe, tagStripes, generation, tagEvictions } = this.generations.note(key, allTags);
    return {
      ttl: overrides?.ttl,
      tags: overrides?.tags,
      storeIf: overrides?.storeIf,
      cache,
      args,
      patience,
      key,
      allTags,
      keyStripe,
      tagStripes,
      generation,
      tagEvictions,
    };
  }

  /** Memory needs none. */
  patienceFor({ store, near }: BoundCache): Patience {
    return new Patience(store === near ? Infinity : this.patience, this.deadlines);
  }
}
