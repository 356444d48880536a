/** How many entries are read together at most. */
const MOST = 100;
/** As many of a cache of which none has been seen. */
const MOST_UNSEEN = 10;
/** How many bytes they may be: Redis does nothing else meanwhile, and all of them have to come within one deadline. */
const MOST_BYTES = 2_000_000;
/** How fast a large entry is forgotten: the share by which each smaller one brings the size down to its own. */
const DECAY = 0.01;

/**
 * How large the entries of each cache are, the largest of those that were seen lately. A cache goes by its tag, which
 * is the second one of all its entries; the first one is that of all caches.
 */
export class LargestSizes {
  private readonly sizes = new Map<string | undefined, number>();

  /** An entry was seen. */
  note(tags: readonly string[], bytes: number): void {
    const cache = tags[1];
    const largest = this.sizes.get(cache) ?? 0;
    this.sizes.set(cache, bytes >= largest ? bytes : largest + (bytes - largest) * DECAY);
  }

  /** How many entries with such tags are to be read together at most. */
  most(tags: readonly string[]): number {
    const largest = this.sizes.get(tags[1]);
    if (largest === undefined) return MOST_UNSEEN;
    return largest * MOST <= MOST_BYTES ? MOST : Math.max(1, Math.floor(MOST_BYTES / largest));
  }
}
