import { Deferred } from '../engine/deferred.js';
import type { MaybePromise } from '../stores/store.js';

export interface FoldParts<Asked, Answer> {
  /** How many such as this one are asked together at most. One: it goes alone. */
  readonly most: (asked: Asked) => number;
  /** Answers all, in their order. What takes longer for one of them is that one's to wait for. */
  readonly many: (asked: readonly Asked[]) => Promise<readonly MaybePromise<Answer>[]>;
  /** Where there is a simpler way for one. */
  readonly one?: (asked: Asked) => Promise<Answer>;
}

/** What a group has room for. Each takes its share, those of which few go together a larger one. */
const ROOM = 1_000_000;

/** What goes together. */
class Group<Asked, Answer> {
  readonly asked: Asked[] = [];
  readonly answers = new Deferred<readonly MaybePromise<Answer>[]>();
  room = ROOM;
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
  private readonly most: FoldParts<Asked, Answer>['most'];
  private readonly many: FoldParts<Asked, Answer>['many'];
  private readonly one: (asked: Asked) => Promise<Answer>;

  constructor({ most, many, one }: FoldParts<Asked, Answer>) {
    this.most = most;
    this.many = many;
    this.one = one ?? (async (asked) => (await many([asked]))[0]!);
  }

  ask(asked: Asked): Promise<Answer> {
    const hasNoCompany = this.underWay === 0 && this.group === undefined;
    const most = hasNoCompany ? 1 : this.most(asked);
    return most === 1 ? this.askOne(asked) : this.join(asked, most);
  }

  private async join(asked: Asked, most: number): Promise<Answer> {
    const share = Math.floor(ROOM / most);
    if (this.group !== undefined && this.group.room < share) this.send(this.group);
    const group = (this.group ??= this.newGroup());
    const position = group.asked.push(asked) - 1;
    group.room -= share;
    if (group.room < share) this.send(group);
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

  private async askAll(asked: readonly Asked[]): Promise<readonly MaybePromise<Answer>[]> {
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
