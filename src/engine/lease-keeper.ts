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

/** Lets a lease live on while its loader runs, up to a limit. Returns the function that ends that. */
export function keepLease(store: CacheStore, key: string, lease: string, limits: LeaseLimits): () => void {
  const since = performance.now();
  let isBeingExtended = false;
  const extend = async () => {
    isBeingExtended = true;
    const left = limits.max - (performance.now() - since);
    const holds = left > 0 && (await store.extend(key, lease, Math.min(limits.ttl, Math.ceil(left))));
    // Evicted, or over: whatever the loader gives will be fenced off.
    if (!holds) clearInterval(timer);
    isBeingExtended = false;
  };
  const timer = setInterval(
    () => {
      if (!isBeingExtended) void extend();
    },
    Math.min(limits.ttl / 3, LONGEST_TIMER_MS),
  );
  timer.unref();
  return () => clearInterval(timer);
}
