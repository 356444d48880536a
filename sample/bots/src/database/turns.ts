/** Lets one piece of work run at a time. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private taken = false;

  /** Runs `work` after all that came before it, or, with `urgent`, after nothing but what runs already. */
  async take<T>(work: () => Promise<T>, { urgent = false } = {}): Promise<T> {
    if (this.taken) {
      await new Promise<void>((resolve) => {
        if (urgent) this.waiting.unshift(resolve);
        else this.waiting.push(resolve);
      });
    }
    this.taken = true;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.taken = false;
      else next();
    }
  }
}
