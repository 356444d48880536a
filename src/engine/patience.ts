import type { MaybePromise } from '../stores/store.js';
import { Deadlines } from './deadlines.js';

const LATE = new Error('late');
const late = () => LATE;

/** How long one call waits for the shared store: for all that it asks together, and not for each. */
export class Patience {
  /** How many operations are waited for right now, and since when, on the clock of `performance.now()`. */
  private waits = 0;
  private since = 0;

  /** @param deadlines of those whose patience is as long: they share a timer */
  constructor(
    private left: number,
    private readonly deadlines = new Deadlines(),
  ) {}

  /** The result of an operation, or `otherwise` when patience ends first. The operation goes on. */
  async wait<T, U>(work: MaybePromise<T>, otherwise: U): Promise<T | U> {
    if (!(work instanceof Promise) || this.left === Infinity) return work;
    const left = this.begin();
    try {
      return await this.deadlines.before(left, () => work, late);
    } catch (error) {
      if (error !== LATE) throw error;
      return otherwise;
    } finally {
      this.end();
    }
  }

  /** There was a wait for the store that began then, on the clock of `performance.now()`. */
  spentSince(since: number): void {
    this.left -= performance.now() - since;
  }

  /** The result of an operation that has to be waited for, and which others after it are the less waited for. */
  async spend<T>(work: MaybePromise<T>): Promise<T> {
    if (this.left === Infinity) return work;
    this.begin();
    try {
      return await work;
    } finally {
      this.end();
    }
  }

  /** What is waited for at the same time uses it up once. Returns what is left of it. */
  private begin(): number {
    const now = performance.now();
    if (this.waits === 0) this.since = now;
    this.waits += 1;
    return Math.max(this.left - (now - this.since), 0);
  }

  private end(): void {
    this.waits -= 1;
    if (this.waits === 0) this.left -= performance.now() - this.since;
  }
}
