import type { BoundCache } from './bound-cache.js';
import { latelyOn, type Clock } from './clock.js';
import type { EntryHead } from './entry.js';
import type { CacheEvents, CacheRead } from './events.js';

const COUNTED_AS = { hit: 'hits', stale: 'stale', miss: 'misses', bypass: 'bypasses' } as const;

/** How a read ended that memory could not answer. */
export interface ReadEnd {
  readonly outcome: CacheRead['outcome'];
  readonly tier?: CacheRead['tier'] | undefined;
  readonly coalesced?: boolean;
  /** What was served, if it is known. */
  readonly entry?: EntryHead | undefined;
  /** When the read began, on the clock of `performance.now()`. */
  readonly since: number;
}

/** Counts the reads of each cache, and tells those who listen. */
export class ReadCounter {
  constructor(
    private readonly events: CacheEvents,
    private readonly clock: Clock,
  ) {}

  /** When a read begins, on the clock of `performance.now()`; 0 while nobody listens. */
  begin(): number {
    return this.events.reads.active ? performance.now() : 0;
  }

  /** When a read began that memory can't answer: that is measured anyway. `begun` is what `begin` gave. */
  measureFrom(begun: number): number {
    return begun === 0 ? performance.now() : begun;
  }

  /** A hit in memory: the one path on which every step costs. `since` is what `begin` gave. */
  hit(cache: BoundCache, key: string, entry: EntryHead, since: number, now: number): void {
    const counts = cache.counts.at(now);
    counts.hits += 1;
    counts.savedMs += entry.loadCost;
    if (since !== 0) this.tellHit(cache, key, since);
  }

  private tellHit({ name }: BoundCache, key: string, since: number): void {
    this.events.reads.emit({
      cache: name,
      key,
      outcome: 'hit',
      coalesced: false,
      tier: 'l1',
      duration: performance.now() - since,
    });
  }

  count(cache: BoundCache, key: string, { outcome, tier, coalesced = false, entry, since }: ReadEnd): void {
    const duration = performance.now() - since;
    const counts = cache.counts.at(latelyOn(this.clock));
    counts[COUNTED_AS[outcome]] += 1;
    if (outcome !== 'bypass') counts.waitMs += duration;
    if (tier === 'l2' && outcome === 'hit') counts.l2Hits += 1;
    if (tier === 'l2' && outcome === 'stale') counts.l2Stale += 1;
    if (coalesced && outcome === 'miss') counts.shared += 1;
    // Somebody else has loaded it.
    if (outcome !== 'miss' || coalesced) counts.savedMs += entry?.loadCost ?? 0;
    if (!this.events.reads.active) return;
    this.events.reads.emit({
      cache: cache.name,
      key,
      outcome,
      coalesced,
      ...(tier !== undefined && { tier }),
      duration,
    });
  }
}
