import type { LoadEnding, LoadWaiter, LoadWaiters } from './load-waiters.js';

const FIRST_POLL_MS = 25;
const LONGEST_POLL_MS = 500;

/**
 * The patience of a caller who may find the lease of its key held: it is woken when the load ends, looks by itself
 * less and less often in case that message is lost, and gives up in time.
 */
export class LeaseWait {
  private readonly since = performance.now();
  private readonly waiter: LoadWaiter;
  private poll = FIRST_POLL_MS;

  constructor(
    readonly key: string,
    private readonly waiters: LoadWaiters,
    /** Longest wait in all, milliseconds. */
    private longest: number,
  ) {
    this.waiter = waiters.enter(key);
  }

  /** Whether it is time to load by oneself. */
  get isOver(): boolean {
    return performance.now() - this.since >= this.longest;
  }

  /** The holder may have been cut off: there is no sense in waiting for long. */
  shorten(longest: number): void {
    this.longest = Math.min(this.longest, longest);
  }

  /** About to ask for the lease: the load may end before the answer is here. */
  listen(): void {
    this.waiter.listen();
  }

  /** Resolves when it is time to ask again, with how the load ended if that was heard. The lease ends in `leaseMs`. */
  forLease(leaseMs: number): Promise<LoadEnding | undefined> {
    const left = this.longest - (performance.now() - this.since);
    // Spread at random: waiters of many instances would else ask in step.
    const poll = this.poll * (0.75 + Math.random() / 2);
    this.poll = Math.min(this.poll * 2, LONGEST_POLL_MS);
    return this.waiter.wait(Math.max(1, Math.min(poll, leaseMs + 1, left)));
  }

  end(): void {
    this.waiters.leave(this.key, this.waiter);
  }
}
