/**
 * What is called around a piece of work, such as to put it into a span. It has to call `run`, once; what it returns
 * or throws changes nothing.
 *
 * @param run does the work; rejects when that fails
 */
export type Surround<What> = (what: What, run: () => Promise<unknown>) => unknown;

/** Those that are called around work of one kind. It costs nothing while there are none. */
export class Around<What> {
  private surrounds: readonly Surround<What>[] = [];

  /** @param onThrow hears what one of them throws, or rejects with for a reason of its own */
  constructor(private readonly onThrow: (error: unknown) => void) {}

  get active(): boolean {
    return this.surrounds.length > 0;
  }

  /** Adds one and returns the function that removes it. */
  add(surround: Surround<What>): () => void {
    const added: Surround<What> = (what, run) => surround(what, run);
    this.surrounds = [...this.surrounds, added];
    return () => {
      this.surrounds = this.surrounds.filter((other) => other !== added);
    };
  }

  /** Does the work, inside of all of them: once, whatever they do, and with its own result. */
  run<T>(what: What, work: () => Promise<T>): Promise<T> {
    let inner = work;
    for (const surround of this.surrounds) inner = this.inside(surround, what, inner);
    return inner();
  }

  private inside<T>(surround: Surround<What>, what: What, work: () => Promise<T>): () => Promise<T> {
    return () => {
      let result: Promise<T> | undefined;
      const once = () => (result ??= work());
      let own: unknown;
      try {
        own = surround(what, once);
      } catch (error) {
        this.onThrow(error);
      }
      const outcome = once();
      if (own instanceof Promise) void this.hearOut(own, outcome);
      return outcome;
    };
  }

  /** What the work itself fails with is its caller's. */
  private async hearOut(own: Promise<unknown>, outcome: Promise<unknown>): Promise<void> {
    try {
      await own;
    } catch (error) {
      const [end] = await Promise.allSettled([outcome]);
      if (end.status === 'fulfilled' || end.reason !== error) this.onThrow(error);
    }
  }
}
