/** How long a caller waits for somebody else's load before it loads by itself. */
const LONGEST_WAIT_MS = 5_000;
const FIRST_POLL_MS = 20;
const LONGEST_POLL_MS = 250;

/** The patience of a caller who found the lease of its key held: polls, less and less often, and gives up in time. */
export class LeaseWait {
  private readonly since = performance.now();
  private poll = FIRST_POLL_MS;
  private leaseEndsIn = 0;

  /** Whether it is time to load by oneself. */
  get isOver(): boolean {
    return performance.now() - this.since >= LONGEST_WAIT_MS;
  }

  /** Notes when the lease ends by itself, so that its end is not slept through. */
  heldFor(ms: number): void {
    this.leaseEndsIn = ms;
  }

  /** Resolves when it is time to ask again. */
  next(): Promise<void> {
    if (this.leaseEndsIn === 0) return Promise.resolve();
    // Spread at random: waiters of many instances would else ask in step.
    const delay = Math.min(this.poll * (0.5 + Math.random()), this.leaseEndsIn + 1);
    this.poll = Math.min(this.poll * 1.5, LONGEST_POLL_MS);
    this.leaseEndsIn = 0;
    return new Promise((resolve) => setTimeout(resolve, delay));
  }
}
