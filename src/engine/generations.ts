const STRIPES = 4096;

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

  /** The generation of a key that carries these tags. */
  of(key: string, tags: readonly string[]): number {
    let sum = this.epoch + this.at(key);
    for (const tag of tags) sum += this.at(tag);
    return sum;
  }

  /** Ends the generation of one key or tag. */
  end(keyOrTag: string): void {
    this.stripes[stripeOf(keyOrTag)]! += 1;
  }

  /** Ends every generation. */
  endAll(): void {
    this.epoch += 1;
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
