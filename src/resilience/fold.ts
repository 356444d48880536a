/** What is asked for, and who is to be told. */
interface Pending<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface FoldParts<Asked, Answer> {
  /** How many are asked together at most. One: each goes alone. */
  readonly most: () => number;
  /** Answers all, in their order. */
  readonly many: (asked: readonly Asked[]) => Promise<readonly Answer[]>;
  /** Where there is a simpler way for one. */
  readonly one?: (asked: Asked) => Promise<Answer>;
}

/**
 * Makes one command of what is asked for at the same time. While nothing is on its way, whoever asks goes at once, so
 * that one caller alone waits for nobody; else all go together who ask in the same turn of the event loop.
 */
export class Fold<Asked, Answer> {
  private pending: Pending<Asked, Answer>[] = [];
  /** Commands on their way. */
  private underWay = 0;
  private readonly most: () => number;
  private readonly many: FoldParts<Asked, Answer>['many'];
  private readonly one: (asked: Asked) => Promise<Answer>;

  constructor({ most, many, one }: FoldParts<Asked, Answer>) {
    this.most = most;
    this.many = many;
    this.one = one ?? (async (asked) => (await many([asked]))[0]!);
  }

  ask(asked: Asked): Promise<Answer> {
    const most = this.most();
    if (most === 1 || (this.underWay === 0 && this.pending.length === 0)) return this.askOne(asked);
    return new Promise((resolve, reject) => {
      this.pending.push({ asked, resolve, reject });
      if (this.pending.length >= most) this.flush();
      else if (this.pending.length === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const { pending } = this;
    const [first] = pending;
    if (first === undefined) return;
    this.pending = [];
    if (pending.length > 1) void this.askAll(pending);
    else this.askOne(first.asked).then(first.resolve, first.reject);
  }

  private async askOne(asked: Asked): Promise<Answer> {
    this.underWay += 1;
    try {
      return await this.one(asked);
    } finally {
      this.underWay -= 1;
    }
  }

  private async askAll(pending: readonly Pending<Asked, Answer>[]): Promise<void> {
    this.underWay += 1;
    try {
      const answers = await this.many(pending.map(({ asked }) => asked));
      for (const [i, { resolve }] of pending.entries()) resolve(answers[i]!);
    } catch (error) {
      for (const { reject } of pending) reject(error);
    } finally {
      this.underWay -= 1;
    }
  }
}
