import { LONGEST_TIMER_MS } from '../engine/longest-timer.js';

/** Resolves when the work has settled, however it ended, or after `ms` milliseconds. The work itself goes on. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
  });
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, tooLong]);
  clearTimeout(timer);
}
