/** What a timer can wait; more would be taken for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
