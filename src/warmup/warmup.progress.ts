import type { Timing } from './timing.js';

/** How far a run is. Counts are of items, times in milliseconds. */
export interface WarmupProgress {
  readonly done: number;
  /** Of those, after all retries. */
  readonly failed: number;
  /** Where it is known. */
  readonly total: number | undefined;
  readonly duration: number;
  /** Items per second, so far. */
  readonly rate: number;
  /** Where the total is known, and something has been done. */
  readonly timeLeft: number | undefined;
}

/** Items that make a step where nobody knows how many there are. */
const STEP_OF_UNKNOWN = 1_000;

/** Counts the items of one run. */
export class ProgressCounter {
  private done = 0;
  private failed = 0;
  private total: number | undefined;
  private nextStep = Infinity;
  private step = Infinity;
  private readonly since: number;

  /**
   * @param logStep percent
   * @param onStep is told each time that many more are through, but not of the last one
   */
  constructor(
    private readonly timing: Pick<Timing, 'now'>,
    private readonly logStep: number,
    private readonly onStep: () => void,
  ) {
    this.since = timing.now();
  }

  /** The items are known, and how many there are, perhaps. */
  begin(total: number | undefined): void {
    this.total = total;
    this.step = total === undefined ? STEP_OF_UNKNOWN : Math.max(1, (total * this.logStep) / 100);
    this.nextStep = this.step;
  }

  succeeded(): void {
    this.done += 1;
    this.look();
  }

  hasFailed(): void {
    this.failed += 1;
    this.look();
  }

  get now(): WarmupProgress {
    const { done, failed, total } = this;
    const duration = this.timing.now() - this.since;
    const through = done + failed;
    const rate = duration > 0 ? (through * 1_000) / duration : 0;
    const left = total === undefined ? undefined : Math.max(total - through, 0);
    const timeLeft = left === undefined || rate === 0 ? undefined : (left * 1_000) / rate;
    return { done, failed, total, duration, rate, timeLeft };
  }

  private look(): void {
    const through = this.done + this.failed;
    if (through < this.nextStep || (this.total !== undefined && through >= this.total)) return;
    this.nextStep = (Math.floor(through / this.step) + 1) * this.step;
    this.onStep();
  }
}
