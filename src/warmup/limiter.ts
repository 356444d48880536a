/** Lets so many work at a time. */
export class Limiter {
  private readonly waiting = new Set<() => void>();
  private free: number;
  private hanging = 0;

  constructor(private readonly most: number) {
    this.free = most;
  }

  /** Whether every place is kept by something that nobody waits for any more. */
  get allHang(): boolean {
    return this.hanging === this.most;
  }

  /** Takes a place that is free. Tells whether there was one. */
  takeFree(): boolean {
    if (this.free === 0) return false;
    this.free -= 1;
    return true;
  }

  /** Resolves when there is a place for the caller, with `true`; or when the signal is aborted, with `false`. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (this.takeFree()) return true;
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const end = (isMine: boolean) => {
        this.waiting.delete(mine);
        signal.removeEventListener('abort', stopped);
        resolve(isMine);
      };
      const mine = () => end(true);
      const stopped = () => end(false);
      this.waiting.add(mine);
      signal.addEventListener('abort', stopped);
    });
  }

  /** A place is free again. */
  give(): void {
    const [next] = this.waiting;
    if (next === undefined) this.free += 1;
    else next();
  }

  /** A place is kept until that is over, though nobody waits for it. */
  keep(until: Promise<unknown>): void {
    this.hanging += 1;
    void until.then(() => {
      this.hanging -= 1;
      this.give();
    });
  }
}
