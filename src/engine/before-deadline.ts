import { Deadlines, type Progress } from './deadlines.js';

/**
 * Rejects when work has not settled in time. The work itself goes on.
 *
 * @param ms longest wait for the work to settle, or for the next sign of progress
 * @param late makes the error for work that is late
 */
export function beforeDeadline<T>(
  ms: number,
  work: (progress: Progress) => T | Promise<T>,
  late: () => Error,
): Promise<T> {
  const deadlines = new Deadlines();
  return deadlines.before(ms, work, late).finally(() => deadlines.stop());
}
