import type { CacheStore } from '../stores/store.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/** How leases live, in milliseconds. */
export interface LeaseLimits {
  /** How long a lease outlives a holder that has died. */
  readonly ttl: number;
  /** Longest time that a loader may keep its lease. */
  readonly max: number;
  /** Longest time that a caller waits for somebody else's load. */
  readonly wait: number;
}

/** A lease whose loader runs. */
interface Kept {
  readonly store: CacheStore;
  readonly key: string;
  readonly lease: string;
  /** When its loader began, and when it was extended last, on the clock of `performance.now()`. */
  readonly since: number;
  extendedAt: number;
  isBeingExtended: boolean;
}

/**
 * Lets leases live on while their loaders run, each up to a limit. One timer looks after all of them, so that a load
 * that is soon over costs none.
 */
export class LeaseKeeper {
  private readonly kept = new Set<Kept>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: Pick<LeaseLimits, 'ttl' | 'max'>) {}

  /** Returns the function that ends that. */
  keep(store: CacheStore, key: string, lease: string): () => void {
    const since = performance.now();
    const kept: Kept = { store, key, lease, since, extendedAt: since, isBeingExtended: false };
    this.kept.add(kept);
    // Each is extended when a third of its time is over, at the latest.
    const often = Math.min(this.limits.ttl / 12, LONGEST_TIMER_MS);
    this.timer ??= setInterval(() => this.look(), often).unref();
    return () => this.kept.delete(kept);
  }

  private look(): void {
    const now = performance.now();
    for (const kept of this.kept) {
      const isDue = now - kept.extendedAt >= this.limits.ttl / 4;
      if (isDue && !kept.isBeingExtended) void this.extend(kept);
    }
    if (this.kept.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async extend(kept: Kept): Promise<void> {
    const { ttl, max } = this.limits;
    kept.isBeingExtended = true;
    kept.extendedAt = performance.now();
    const left = max - (kept.extendedAt - kept.since);
    const holds = left > 0 && (await kept.store.extend(kept.key, kept.lease, Math.min(ttl, Math.ceil(left))));
    // Evicted, or over: whatever the loader gives will be fenced off.
    if (!holds) this.kept.delete(kept);
    kept.isBeingExtended = false;
  }
}
