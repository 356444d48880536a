/** Those who wait for somebody else's load to end, by key. */
export class LoadWaiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** How many wait. */
  get size(): number {
    let count = 0;
    for (const waiters of this.waiting.values()) count += waiters.size;
    return count;
  }

  /** Resolves when the load of a key is said to have ended, or after `ms` milliseconds. */
  wait(key: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.waiting.get(key) ?? new Set();
      this.waiting.set(key, waiters);
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0 && this.waiting.get(key) === waiters) this.waiting.delete(key);
        resolve();
      };
      const timer = setTimeout(done, ms);
      waiters.add(done);
    });
  }

  /** Everybody looks again. */
  wakeAll(): void {
    for (const key of [...this.waiting.keys()]) this.wake(key);
  }

  /** A load has ended: whoever waits for it looks again. */
  wake(key: string): void {
    for (const done of this.waiting.get(key) ?? []) done();
  }
}
