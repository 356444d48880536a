/** How a load ended: `unstored` gave a value that is not to be stored, so that nobody else can use it. */
export type LoadEnding = 'over' | 'unstored';

/** One who may have to wait for somebody else's load: it hears of every end since it began to listen. */
export class LoadWaiter {
  private heard: LoadEnding | undefined;
  private wakeUp: (() => void) | undefined;

  /** Whether it is waiting right now. */
  get isWaiting(): boolean {
    return this.wakeUp !== undefined;
  }

  /** From here on an end is news. */
  listen(): void {
    this.heard = undefined;
  }

  /** Resolves with how the load is said to have ended, at once if that was said since it listens, or after `ms`. */
  async wait(ms: number): Promise<LoadEnding | undefined> {
    if (this.heard === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wakeUp = undefined;
    }
    return this.heard;
  }

  tell(ending: LoadEnding): void {
    this.heard = ending;
    this.wakeUp?.();
  }
}

/** Those who may wait for somebody else's load, by key. */
export class LoadWaiters {
  private readonly waiters = new Map<string, Set<LoadWaiter>>();

  /** How many wait. */
  get size(): number {
    let count = 0;
    for (const ofKey of this.waiters.values()) for (const { isWaiting } of ofKey) if (isWaiting) count += 1;
    return count;
  }

  /** Lets somebody hear of the loads of a key. */
  enter(key: string): LoadWaiter {
    const waiter = new LoadWaiter();
    const ofKey = this.waiters.get(key);
    if (ofKey === undefined) this.waiters.set(key, new Set([waiter]));
    else ofKey.add(waiter);
    return waiter;
  }

  leave(key: string, waiter: LoadWaiter): void {
    const ofKey = this.waiters.get(key);
    if (ofKey?.delete(waiter) === true && ofKey.size === 0) this.waiters.delete(key);
  }

  /** Everybody looks again. */
  wakeAll(): void {
    for (const key of this.waiters.keys()) this.wake(key);
  }

  /** A load has ended: whoever waits for it looks again, or, if others can't use what it gave, loads by itself. */
  wake(key: string, ending: LoadEnding = 'over'): void {
    for (const waiter of this.waiters.get(key) ?? []) waiter.tell(ending);
  }
}
