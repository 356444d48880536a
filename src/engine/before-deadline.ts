import { LONGEST_TIMER_MS } from './longest-timer.js';

/** A timer that is later than that, milliseconds, was held up: the event loop was blocked, and not Redis silent. */
const LAG_MS = 10;

/** Moves a deadline on: there is progress. */
export type Progress = () => void;

/**
 * Rejects when work has not settled in time. The work itself goes on.
 *
 * While the event loop is blocked nothing can be heard, so that time is not counted against who should have answered:
 * a timer that comes late is given as much again, once, and at most the deadline itself; and the verdict comes after
 * the event loop has looked for input.
 *
 * @param ms longest wait for the work to settle, or for the next sign of progress
 * @param late makes the error for work that is late
 */
export function beforeDeadline<T>(
  ms: number,
  work: (progress: Progress) => T | Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let due = performance.now() + ms;
    let isExtended = false;
    let isOver = false;
    let timer: NodeJS.Timeout;

    const wait = (left: number) => {
      // Not unref'ed: somebody waits for it.
      timer = setTimeout(check, Math.min(left, LONGEST_TIMER_MS));
    };
    const check = () => {
      const lag = performance.now() - due;
      if (lag < 0) return wait(Math.ceil(-lag));
      if (lag > LAG_MS && !isExtended) {
        isExtended = true;
        due += lag + Math.min(lag, ms);
        return wait(Math.min(lag, ms));
      }
      setImmediate(() => {
        if (isOver) return;
        // What came in just now may have been progress.
        if (performance.now() < due) return check();
        reject(late());
      });
    };
    const settle = (settled: () => void) => {
      isOver = true;
      clearTimeout(timer);
      settled();
    };
    wait(ms);
    const progress = () => {
      due = performance.now() + ms;
    };
    // Within a constructor, what work throws at once rejects.
    new Promise<T>((done) => done(work(progress))).then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
