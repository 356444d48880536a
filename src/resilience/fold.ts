import { Deferred } from '../engine/deferred.js';

export interface FoldParts<Asked, Answer> {
  /** How many are asked together at most. One: each goes alone. */
  readonly most: () => number;
  /** Answers all, in their order. */
  readonly many: (asked: readonly Asked[]) => Promise<readonly Answer[]>;
  /** Where there is a simpler way for one. */
  readonly one?: (asked: Asked) => Promise<Answer>;
}

/** What goes together. */
class Group<Asked, Answer> {
  readonly asked: Asked[] = [];
  readonly answers = new Deferred<readonly Answer[]>();
}

/**
 * Makes one command of what is asked for at the same time. While nothing is on its way, whoever asks goes at once, so
 * that one caller alone waits for nobody; else all go together who ask in the same turn of the event loop.
 */
export class Fold<Asked, Answer> {
  /** Those who may still be joined. */
  private group: Group<Asked, Answer> | undefined;
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
    const isAlone = most === 1 || (this.underWay === 0 && this.group === undefined);
    return isAlone ? this.askOne(asked) : this.join(asked, most);
  }

  private async join(asked: Asked, most: number): Promise<Answer> {
    const group = (this.group ??= this.newGroup());
    const position = group.asked.push(asked) - 1;
    if (group.asked.length >= most) this.send(group);
    const answers = await group.answers.promise;
    return answers[position]!;
  }

  private newGroup(): Group<Asked, Answer> {
    const group = new Group<Asked, Answer>();
    setImmediate(() => this.send(group));
    return group;
  }

  private send(group: Group<Asked, Answer>): void {
    // Else it has been full before.
    if (this.group !== group) return;
    this.group = undefined;
    group.answers.resolve(this.askAll(group.asked));
  }

  private async askOne(asked: Asked): Promise<Answer> {
    this.underWay += 1;
    try {
      return await this.one(asked);
    } finally {
      this.underWay -= 1;
    }
  }

  private async askAll(asked: readonly Asked[]): Promise<readonly Answer[]> {
    const [first] = asked;
    if (asked.length === 1 && first !== undefined) return [await this.askOne(first)];
    this.underWay += 1;
    try {
      return await this.many(asked);
    } finally {
      this.underWay -= 1;
    }
  }
}
