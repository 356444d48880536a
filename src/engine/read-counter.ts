import type { BoundCache } from './bound-cache.js';
import type { CacheEvents, CacheRead } from './events.js';

const COUNTED_AS = { hit: 'hits', stale: 'stale', miss: 'misses', bypass: 'bypasses' } as const;

/** Counts the reads of each cache, and tells those who listen. */
export class ReadCounter {
  constructor(private readonly events: CacheEvents) {}

  count(
    cache: BoundCache,
    key: string,
    outcome: CacheRead['outcome'],
    tier?: CacheRead['tier'],
    coalesced = false,
  ): void {
    cache.counts[COUNTED_AS[outcome]] += 1;
    if (!this.events.reads.active) return;
    this.events.reads.emit({
      cache: cache.name,
      key,
      outcome,
      coalesced,
      ...(tier !== undefined && { tier }),
    });
  }
}
