import type { MaybePromise } from '../stores/store.js';
import { Deadlines } from './deadlines.js';

const LATE = new Error('late');
const late = () => LATE;

/** How long one call waits for the shared store: for all that it asks together, and not for each. */
export class Patience {
  /** @param deadlines of those whose patience is as long: they share a timer */
  constructor(
    private left: number,
    private readonly deadlines = new Deadlines(),
  ) {}

  /** The result of an operation, or `otherwise` when patience ends first. The operation goes on. */
  async wait<T, U>(work: MaybePromise<T>, otherwise: U): Promise<T | U> {
    if (!(work instanceof Promise) || this.left === Infinity) return work;
    const since = performance.now();
    try {
      return await this.deadlines.before(Math.max(this.left, 0), () => work, late);
    } catch (error) {
      if (error !== LATE) throw error;
      return otherwise;
    } finally {
      this.left -= performance.now() - since;
    }
  }

  /** The result of an operation that has to be waited for, and which others after it are the less waited for. */
  async spend<T>(work: MaybePromise<T>): Promise<T> {
    if (this.left === Infinity) return work;
    const since = performance.now();
    try {
      return await work;
    } finally {
      this.left -= performance.now() - since;
    }
  }
}
