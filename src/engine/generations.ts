const STRIPES = 4096;

/** What a reader notes before it starts, see {@link Generations}. */
export interface Generation {
  readonly key: string;
  /** The tags that its entry is expected to carry. */
  readonly allTags: readonly string[];
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

  /** Begins to watch a key that carries these tags. */
  note(key: string, allTags: readonly string[]): Generation {
    return { key, allTags, generation: this.of(key, allTags), tagEvictions: this.tagEvictions };
  }

  /** Whether nothing was evicted since then that may concern the key, whatever tags its entry carries. */
  isCurrent(noted: Generation): boolean {
    return noted.tagEvictions === this.tagEvictions && this.of(noted.key, noted.allTags) === noted.generation;
  }

  /** Whether nothing was evicted since then that concerns the key, or one of the tags that its entry does carry. */
  isCurrentFor(noted: Generation, tags: readonly string[]): boolean {
    if (this.of(noted.key, noted.allTags) !== noted.generation) return false;
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

  private of(key: string, tags: readonly string[]): number {
    let sum = this.epoch + this.at(key);
    for (const tag of tags) sum += this.at(tag);
    return sum;
  }

  private at(keyOrTag: string): number {
    return this.stripes[stripeOf(keyOrTag)]!;
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
