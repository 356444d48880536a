/** What is asked for, and who is to be told. */
interface Pending<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface FoldParts<Asked, Answer> {
  /** How many are asked together at most. One: each goes alone. */
  readonly most: number;
  readonly one: (asked: Asked) => Promise<Answer>;
  /** Answers all, in their order. */
  readonly many: (asked: readonly Asked[]) => Promise<readonly Answer[]>;
}

/**
 * Makes one command of what is asked for at the same time. While nothing is on its way, whoever asks goes at once, so
 * that one caller alone waits for nobody; else all go together who ask in the same turn of the event loop.
 */
export class Fold<Asked, Answer> {
  private pending: Pending<Asked, Answer>[] = [];
  /** Commands on their way. */
  private underWay = 0;

  constructor(private readonly parts: FoldParts<Asked, Answer>) {}

  ask(asked: Asked): Promise<Answer> {
    const { most } = this.parts;
    if (most === 1 || (this.underWay === 0 && this.pending.length === 0)) return this.askOne(asked);
    return new Promise((resolve, reject) => {
      this.pending.push({ asked, resolve, reject });
      if (this.pending.length === most) this.flush();
      else if (this.pending.length === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const { pending } = this;
    if (pending.length === 0) return;
    this.pending = [];
    void this.askAll(pending);
  }

  private async askOne(asked: Asked): Promise<Answer> {
    this.underWay += 1;
    try {
      return await this.parts.one(asked);
    } finally {
      this.underWay -= 1;
    }
  }

  private async askAll(pending: readonly Pending<Asked, Answer>[]): Promise<void> {
    this.underWay += 1;
    try {
      const { one, many } = this.parts;
      const [first] = pending;
      const answers =
        pending.length === 1 && first !== undefined
          ? [await one(first.asked)]
          : await many(pending.map(({ asked }) => asked));
      for (const [i, { resolve }] of pending.entries()) resolve(answers[i]!);
    } catch (error) {
      for (const { reject } of pending) reject(error);
    } finally {
      this.underWay -= 1;
    }
  }
}
