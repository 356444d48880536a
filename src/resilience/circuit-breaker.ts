/** How a breaker judges, and how long it waits. */
export interface BreakerLimits {
  /** Share of operations in the window that have failed, from which it opens. */
  readonly share: number;
  /** Operations in the window, from which their share says something. */
  readonly volume: number;
  /** How many have to fail in a row, and for how long, milliseconds, for it to open whatever succeeded before. */
  readonly silence: { readonly failures: number; readonly time: number };
  /** Length of the window, milliseconds. */
  readonly window: number;
  /** First wait before a probe, milliseconds: doubled after each that fails. */
  readonly pause: number;
  /** Longest wait before a probe, milliseconds. */
  readonly longestPause: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

const DEFAULT_LIMITS: BreakerLimits = {
  share: 0.5,
  volume: 10,
  silence: { failures: 3, time: 300 },
  window: 5_000,
  pause: 250,
  longestPause: 2_000,
};
const BUCKETS = 10;

interface Bucket {
  readonly number: number;
  total: number;
  failed: number;
}

/**
 * A circuit breaker (Nygard, Release It!): when half of what was tried lately has failed, or nothing has succeeded for a
 * while, however well it went before, nothing is tried any more.
 * After a pause one probe is sent, which no call waits for; it decides whether to go on.
 */
export class CircuitBreaker {
  private current: BreakerState = 'closed';
  private buckets: Bucket[] = [];
  private pause: number;
  private closedSince = -Infinity;
  private failedInARow = 0;
  /** When the first of them did. */
  private failingSince = 0;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** Asks for a sign of life; rejects when there is none. */
    private readonly probe: () => Promise<unknown>,
    private readonly onChange: (state: BreakerState) => void,
    private readonly limits: BreakerLimits = DEFAULT_LIMITS,
  ) {
    this.pause = limits.pause;
  }

  get state(): BreakerState {
    return this.current;
  }

  /** Whether operations may be tried. */
  get isClosed(): boolean {
    return this.current === 'closed';
  }

  /** @param count how many operations have, that were tried together */
  succeeded(count = 1): void {
    this.failedInARow = 0;
    if (this.isClosed) this.bucket().total += count;
  }

  /** @param count how many operations have, that were tried together */
  failed(count = 1): void {
    if (!this.isClosed) return;
    const bucket = this.bucket();
    bucket.total += count;
    bucket.failed += count;
    const total = this.buckets.reduce((sum, each) => sum + each.total, 0);
    const failed = this.buckets.reduce((sum, each) => sum + each.failed, 0);
    if (this.failedInARow === 0) this.failingSince = performance.now();
    this.failedInARow += count;
    if (total >= this.limits.volume && failed >= total * this.limits.share) this.open();
    else if (this.isSilent) this.open();
  }

  /** There is reason to believe that all is well again: what was is forgotten. */
  close(): void {
    clearTimeout(this.timer);
    this.buckets = [];
    this.failedInARow = 0;
    this.closedSince = performance.now();
    this.become('closed');
  }

  /** Neither opens nor probes any more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private get isSilent(): boolean {
    const { failures, time } = this.limits.silence;
    return this.failedInARow >= failures && performance.now() - this.failingSince >= time;
  }

  private open(): void {
    if (this.isStopped) return;
    // What opens again at once, though probes succeed, pauses longer and longer.
    const wasWell = this.isClosed && performance.now() - this.closedSince > 2 * this.limits.window;
    if (wasWell) this.pause = this.limits.pause;
    this.become('open');
    this.timer = setTimeout(() => void this.tryAgain(), this.pause * (0.75 + Math.random() / 2));
    this.timer.unref();
    this.pause = Math.min(this.pause * 2, this.limits.longestPause);
  }

  private async tryAgain(): Promise<void> {
    this.become('half-open');
    try {
      await this.probe();
      // Closed meanwhile, and perhaps opened again: that is for a later probe to judge.
      if (this.state === 'half-open') this.close();
    } catch {
      if (this.state === 'half-open') this.open();
    }
  }

  private become(state: BreakerState): void {
    if (state === this.current) return;
    this.current = state;
    this.onChange(state);
  }

  private bucket(): Bucket {
    const number = Math.floor((performance.now() / this.limits.window) * BUCKETS);
    const last = this.buckets.at(-1);
    if (last?.number === number) return last;
    const bucket = { number, total: 0, failed: 0 };
    this.buckets = [...this.buckets.filter((each) => each.number > number - BUCKETS), bucket];
    return bucket;
  }
}
