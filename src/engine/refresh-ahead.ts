import type { EntryHead } from './entry.js';
import type { Policy } from './policy.js';

/**
 * Whether a fresh entry is to be reloaded before its ttl ends.
 *
 * With a fraction: once that share of the ttl is over. `'probabilistic'` is XFetch (Vattani, Chierichetti,
 * Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015) with β = 1: the nearer the end, and the
 * longer the last load took, the likelier, so that of many readers one comes first.
 */
export function isDueAhead({ refreshAhead }: Policy, entry: EntryHead, now: number): boolean {
  if (refreshAhead === false || entry.freshUntil === Infinity) return false;
  if (refreshAhead === 'probabilistic') {
    // 1 − random() is above 0, so that the logarithm is finite.
    return now - entry.loadCost * Math.log(1 - Math.random()) >= entry.freshUntil;
  }
  return now >= entry.createdAt + refreshAhead * (entry.freshUntil - entry.createdAt);
}
