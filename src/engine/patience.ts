import type { MaybePromise } from '../stores/store.js';
import { beforeDeadline } from './before-deadline.js';

const LATE = new Error('late');

/** How long one call waits for the shared store: for all that it asks together, and not for each. */
export class Patience {
  constructor(private left: number) {}

  /** The result of an operation, or `otherwise` when patience ends first. The operation goes on. */
  async wait<T, U>(work: MaybePromise<T>, otherwise: U): Promise<T | U> {
    if (!(work instanceof Promise) || this.left === Infinity) return work;
    const since = performance.now();
    try {
      return await beforeDeadline(
        Math.max(this.left, 0),
        () => work,
        () => LATE,
      );
    } catch (error) {
      if (error !== LATE) throw error;
      return otherwise;
    } finally {
      this.spentSince(since);
    }
  }

  /** There was a wait for the store that began then, on the clock of `performance.now()`. */
  spentSince(since: number): void {
    this.left -= performance.now() - since;
  }

  /** The result of an operation that has to be waited for, and which others after it are the less waited for. */
  async spend<T>(work: MaybePromise<T>): Promise<T> {
    const since = performance.now();
    try {
      return await work;
    } finally {
      this.spentSince(since);
    }
  }
}
