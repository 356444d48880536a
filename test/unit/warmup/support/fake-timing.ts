import type { Timing } from '../../../../src/warmup/timing.js';

interface Sleep {
  readonly until: number;
  readonly wake: () => void;
}

/** Time that passes when the test says so. */
export class FakeTiming implements Timing {
  /** How long was slept, in the order in which it began. */
  readonly sleeps: number[] = [];
  luck = 0;
  private time = 0;
  private sleeping: Sleep[] = [];

  now(): number {
    return this.time;
  }

  random(): number {
    return this.luck;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((resolve) => {
      const end = () => {
        this.sleeping = this.sleeping.filter((other) => other !== sleep);
        resolve();
      };
      const sleep = { until: this.time + ms, wake: end };
      if (signal?.aborted === true) return resolve();
      signal?.addEventListener('abort', end, { once: true });
      this.sleeping.push(sleep);
    });
  }

  /** Lets so many milliseconds pass, and whoever wakes do what it does at once. */
  async pass(ms: number): Promise<void> {
    this.time += ms;
    for (const { until, wake } of [...this.sleeping]) if (until <= this.time) wake();
    await settle();
  }
}

/** Lets all that waits for nothing go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
