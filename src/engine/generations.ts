const STRIPES = 4096;

/** What a reader notes before it starts, see {@link Generations}. */
export interface Generation {
  readonly key: string;
  /** The tags that its entry is expected to carry. */
  readonly allTags: readonly string[];
  /** Which counters the key and these tags have. */
  readonly keyStripe: number;
  readonly tagStripes: readonly number[];
  /** Evictions so far that concern the key or one of these tags. */
  readonly generation: number;
  /** Evictions so far of any tag: for entries that turn out to carry others. */
  readonly tagEvictions: number;
}

/**
 * Tells whether anything was evicted between two moments, without a record per key.
 *
 * Keys and tags share a fixed number of counters. A reader notes the sum of the counters of its key and tags
 * before it starts, and compares it before it fills L1 or lets another reader join: counters only ever grow,
 * so an equal sum means that no eviction has touched any of them. Two keys on one counter cost at most a
 * missed fill, never a wrong value.
 */
export class Generations {
  private readonly stripes = new Float64Array(STRIPES);
  private epoch = 0;
  private tagEvictions = 0;
  private lastTags: readonly string[] = [];
  private lastStripes: readonly number[] = [];

  /** Begins to watch a key that carries these tags. */
  note(key: string, allTags: readonly string[]): Generation {
    const keyStripe = stripeOf(key);
    const tagStripes = this.stripesOf(allTags);
    const generation = this.sum(keyStripe, tagStripes);
    return { key, allTags, keyStripe, tagStripes, generation, tagEvictions: this.tagEvictions };
  }

  /** Whether nothing was evicted since then that may concern the key, whatever tags its entry carries. */
  isCurrent(noted: Generation): boolean {
    return noted.tagEvictions === this.tagEvictions && this.isUntouched(noted);
  }

  /** Whether nothing was evicted since then that concerns the key, or one of the tags that its entry does carry. */
  isCurrentFor(noted: Generation, tags: readonly string[]): boolean {
    if (!this.isUntouched(noted)) return false;
    return noted.tagEvictions === this.tagEvictions || tags.every((tag) => noted.allTags.includes(tag));
  }

  /** Ends the generation of one key. */
  endKey(key: string): void {
    this.stripes[stripeOf(key)]! += 1;
  }

  /** Ends the generation of one tag. */
  endTag(tag: string): void {
    this.stripes[stripeOf(tag)]! += 1;
    this.tagEvictions += 1;
  }

  /** Ends every generation. */
  endAll(): void {
    this.epoch += 1;
  }

  private isUntouched({ keyStripe, tagStripes, generation }: Generation): boolean {
    return this.sum(keyStripe, tagStripes) === generation;
  }

  private sum(keyStripe: number, tagStripes: readonly number[]): number {
    let sum = this.epoch + this.stripes[keyStripe]!;
    for (const stripe of tagStripes) sum += this.stripes[stripe]!;
    return sum;
  }

  /** Entries without tags of their own have one list in common. */
  private stripesOf(tags: readonly string[]): readonly number[] {
    if (tags !== this.lastTags) {
      this.lastTags = tags;
      this.lastStripes = tags.map(stripeOf);
    }
    return this.lastStripes;
  }
}

/** FNV-1a, folded to the number of stripes. */
function stripeOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 16)) & (STRIPES - 1);
}
