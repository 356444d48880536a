import { Deferred } from './deferred.js';

/** The part of one item in a {@link BatchCall}. */
export interface Ticket {
  /** Joins the next call; resolves with this item's value. */
  readonly load: () => Promise<unknown>;
  /** The call is not to wait for this item: it needs no load, or not yet. */
  readonly postpone: () => void;
}

/**
 * One call of a loader for many items that find out one by one whether they need it. The call is made when all
 * have, or have said that it should not wait for them; who comes later shares a later call.
 */
export class BatchCall<Item> {
  private joined: { readonly item: Item; readonly position: number; readonly value: Deferred<unknown> }[] =
    [];
  private tickets = 0;

  constructor(
    private undecided: number,
    private readonly loader: (items: readonly Item[]) => Promise<readonly unknown[]>,
  ) {}

  ticket(item: Item): Ticket {
    let isDecided = false;
    const position = (this.tickets += 1);
    const decide = () => {
      if (isDecided) return;
      isDecided = true;
      this.undecided -= 1;
      if (this.undecided === 0) void this.call();
    };
    const load = () => {
      const value = new Deferred<unknown>();
      this.joined.push({ item, position, value });
      if (isDecided && this.undecided === 0 && this.joined.length === 1) setImmediate(() => void this.call());
      decide();
      return value.promise;
    };
    return { load, postpone: decide };
  }

  private async call(): Promise<void> {
    // In the caller's order, whatever the order in which they found out.
    const called = this.joined.toSorted((a, b) => a.position - b.position);
    this.joined = [];
    if (called.length === 0) return;
    try {
      const values = await this.loader(called.map(({ item }) => item));
      for (const [i, { value }] of called.entries()) value.resolve(values[i]);
    } catch (error) {
      for (const { value } of called) value.reject(error);
    }
  }
}
