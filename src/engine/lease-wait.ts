import type { LoadWaiters } from './load-waiters.js';

const FIRST_POLL_MS = 25;
const LONGEST_POLL_MS = 500;

/**
 * The patience of a caller who found the lease of its key held: it is woken when the load ends, looks by itself
 * less and less often in case that message is lost, and gives up in time.
 */
export class LeaseWait {
  private readonly since = performance.now();
  private poll = FIRST_POLL_MS;

  constructor(
    private readonly key: string,
    private readonly waiters: LoadWaiters,
    /** Longest wait in all, milliseconds. */
    private readonly longest: number,
  ) {}

  /** Whether it is time to load by oneself. */
  get isOver(): boolean {
    return performance.now() - this.since >= this.longest;
  }

  /** Resolves when it is time to ask again: the lease ends by itself in `leaseMs`. */
  async forLease(leaseMs: number): Promise<void> {
    const left = this.longest - (performance.now() - this.since);
    // Spread at random: waiters of many instances would else ask in step.
    const poll = this.poll * (0.75 + Math.random() / 2);
    this.poll = Math.min(this.poll * 2, LONGEST_POLL_MS);
    await this.waiters.wait(this.key, Math.max(1, Math.min(poll, leaseMs + 1, left)));
  }
}
