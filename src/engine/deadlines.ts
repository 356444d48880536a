import { LONGEST_TIMER_MS } from './longest-timer.js';

/** A timer that is later than that, milliseconds, was held up: the event loop was blocked, and not Redis silent. */
const LAG_MS = 10;

/** Moves a deadline on: there is progress. */
export type Progress = () => void;

/** Work that is waited for. */
interface Wait {
  /** Longest wait for it to settle, or for its next sign of progress, milliseconds. */
  readonly ms: number;
  /** On the clock of `performance.now()`. */
  due: number;
  isExtended: boolean;
  readonly giveUp: () => void;
}

/**
 * Deadlines that share a timer: work that settles in time, as nearly all of it does, costs none.
 *
 * While the event loop is blocked nothing can be heard, so that time is not counted against who should have answered:
 * when the timer comes late, what is due is given as much again, once, and at most the deadline itself; and the verdict
 * comes after the event loop has looked for input.
 */
export class Deadlines {
  private readonly waits = new Set<Wait>();
  private timer: NodeJS.Timeout | undefined;
  /** When it is to go off. */
  private firstDue = 0;

  constructor(
    /** Some work has come on. */
    private readonly onProgress: () => void = () => undefined,
  ) {}

  /**
   * Rejects when work has not settled in time. The work itself goes on.
   *
   * @param ms longest wait for work to settle, or for its next sign of progress
   * @param late makes the error for work that is late
   */
  before<T>(ms: number, work: (progress: Progress) => T | Promise<T>, late: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const wait: Wait = {
        ms,
        due: performance.now() + ms,
        isExtended: false,
        giveUp: () => reject(late()),
      };
      this.begin(wait);
      const progress = () => {
        wait.due = performance.now() + ms;
        this.onProgress();
      };
      const fail = (error: unknown) => {
        this.end(wait);
        reject(error);
      };
      try {
        Promise.resolve(work(progress)).then((value) => {
          this.end(wait);
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Leaves no timer behind. Nothing may be waited for any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private begin(wait: Wait): void {
    this.waits.add(wait);
    if (this.timer === undefined || wait.due < this.firstDue) this.arm();
    // Somebody waits for it.
    else if (this.waits.size === 1) this.timer.ref();
  }

  private end(wait: Wait): void {
    this.waits.delete(wait);
    if (this.waits.size === 0) this.timer?.unref();
  }

  /** Sets the timer for what is due first. */
  private arm(): void {
    this.stop();
    if (this.waits.size === 0) return;
    let first = Infinity;
    for (const { due } of this.waits) if (due < first) first = due;
    this.firstDue = first;
    const left = Math.ceil(first - performance.now());
    this.timer = setTimeout(() => this.check(), Math.min(Math.max(left, 0), LONGEST_TIMER_MS));
  }

  private check(): void {
    const now = performance.now();
    const over: Wait[] = [];
    for (const wait of this.waits) {
      const lag = now - wait.due;
      if (lag < 0) continue;
      if (lag > LAG_MS && !wait.isExtended) {
        wait.isExtended = true;
        wait.due = now + Math.min(lag, wait.ms);
      } else {
        over.push(wait);
      }
    }
    if (over.length > 0) setImmediate(() => this.giveUp(over));
    else this.arm();
  }

  private giveUp(over: readonly Wait[]): void {
    const now = performance.now();
    for (const wait of over) {
      // What came in just now may have been the answer, or progress.
      if (now >= wait.due && this.waits.delete(wait)) wait.giveUp();
    }
    this.arm();
  }
}
