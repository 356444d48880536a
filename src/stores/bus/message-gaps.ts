import { LRUCache } from 'lru-cache';

/** How many instances are followed. One that is forgotten and heard again counts as a gap, which is safe. */
const MAX_INSTANCES = 1_000;

/** Follows the numbers of each instance's messages, and notices when one is missing. */
export class MessageGaps {
  private readonly last = new LRUCache<string, number>({ max: MAX_INSTANCES });

  /** Notes a message; tells whether one before it was missed. */
  isGap(from: string, number: number): boolean {
    // Who is heard for the first time may have spoken before there was anybody here to hear it.
    const isForgotten = this.last.size >= MAX_INSTANCES;
    const before = this.last.get(from) ?? (isForgotten ? 0 : number - 1);
    // One that comes twice or late has been acted upon, or its absence has been.
    this.last.set(from, Math.max(before, number));
    return number > before + 1;
  }

  /** Begins anew: what was missed before does not matter any more. */
  reset(): void {
    this.last.clear();
  }
}
