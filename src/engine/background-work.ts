/** The one place where work goes on that no caller waits for. It can be awaited, and nothing in it is unhandled. */
export class BackgroundWork {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly onError: (what: string, error: unknown) => void) {}

  /** How many are in progress. */
  get size(): number {
    return this.running.size;
  }

  /** Starts work; its failure is reported, never thrown. */
  start(what: string, work: () => Promise<unknown>): void {
    const done: Promise<void> = Promise.resolve()
      .then(work)
      .then(
        () => undefined,
        (error: unknown) => this.onError(what, error),
      )
      .finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Resolves when all that has been started, or is started meanwhile, has ended. */
  async drain(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
