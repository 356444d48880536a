import type { Invalidation } from '../engine/bus.js';
import { EvictionBacklog } from './eviction-backlog.js';

/** How long evictions are remembered at least, milliseconds. */
const REMEMBERED_MS = 30_000;

/**
 * What was evicted lately. A server that takes over from another, or one that is started again, may not have heard
 * of it: replication is asynchronous, and so is writing to disk.
 */
export class RecentEvictions {
  private before = new EvictionBacklog();
  private now = new EvictionBacklog();
  private since = performance.now();

  add(what: Invalidation): void {
    this.turn();
    this.now.add(what);
  }

  /** What was evicted in the last 30 seconds, and perhaps as long before. */
  get all(): readonly Invalidation[] {
    this.turn();
    return [this.before.all, this.now.all];
  }

  private turn(): void {
    const age = performance.now() - this.since;
    if (age < REMEMBERED_MS) return;
    this.before = age < 2 * REMEMBERED_MS ? this.now : new EvictionBacklog();
    this.now = new EvictionBacklog();
    this.since = performance.now();
  }
}
