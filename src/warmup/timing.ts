import { setTimeout as delay } from 'node:timers/promises';

/** How warmups wait. Tests replace it. */
export interface Timing {
  /** Milliseconds, of a clock that does not jump. */
  now(): number;
  /** Resolves after that many milliseconds, or when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to 1. */
  random(): number;
}

export const realTiming: Timing = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  },
  random: () => Math.random(),
};
