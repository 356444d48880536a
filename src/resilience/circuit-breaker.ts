import { beforeDeadline } from '../engine/before-deadline.js';

/** How a breaker judges, and how long it waits. */
export interface BreakerLimits {
  /** Share of operations in the window that have failed, from which it opens. */
  readonly share: number;
  /** Operations in the window, from which their share says something. */
  readonly volume: number;
  /** Silences in a row that probes may end at once, though nothing else succeeds in between. */
  readonly silences: number;
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
  silences: 4,
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
 * A circuit breaker (Nygard, Release It!): when half of what was tried lately has failed, nothing is tried any more.
 * After a pause one probe is sent, which no call waits for; it decides whether to go on.
 *
 * An operation that was late while nothing else was heard needs no others to fail: Redis is silent. A probe is sent at
 * once, and only when that is late, too, does the breaker open. So it is shut for as long as Redis is silent, which
 * may be a moment, and for a round trip. For the share, a silence is one failure, however many were waiting.
 */
export class CircuitBreaker {
  private current: BreakerState = 'closed';
  private buckets: Bucket[] = [];
  private pause: number;
  private closedSince = -Infinity;
  /** When there was last an answer of any kind, on the clock of `performance.now()`. */
  private heardAt = -Infinity;
  /** How often Redis has been silent since more than a probe succeeded. */
  private silences = 0;
  /** Whether it has opened, and not closed since. */
  private isOut = false;
  /** Grows each time that it closes: a probe of before then decides nothing any more. */
  private episode = 0;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** Asks for a sign of life, which may be waited for as long as it takes; rejects when none can come. */
    private readonly probe: () => Promise<unknown>,
    private readonly onChange: (state: BreakerState) => void,
    /** How long an answer may take, milliseconds. */
    private readonly deadline: number,
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

  /** Whether it has opened, and not closed since; not while it only awaits a first sign of life. */
  get hasOpened(): boolean {
    return this.isOut;
  }

  /** Something has come that is not the end of an operation. */
  heard(): void {
    this.heardAt = performance.now();
  }

  /** @param count how many operations have, that were tried together */
  succeeded(count = 1): void {
    const now = performance.now();
    this.heardAt = now;
    this.silences = 0;
    if (this.isClosed) this.bucketAt(now).total += count;
  }

  /** An operation failed, or so many that were tried together, though something was heard. */
  failed(count = 1): void {
    const now = performance.now();
    this.heardAt = now;
    this.count(now, count);
  }

  /** The deadline of an operation, or of so many that were tried together, has passed without an answer. */
  late(count = 1): void {
    const now = performance.now();
    // Where Redis is only slow, another answer has just come.
    const isSilent = now - this.heardAt >= this.deadline / 2;
    this.count(now, isSilent ? 1 : count);
    if (isSilent && this.isClosed) void this.awaitSign();
  }

  /** The connection is new: what was is forgotten. */
  close(): void {
    if (this.isStopped) return;
    this.silences = 0;
    this.recover();
  }

  /** Stays as it is, and probes no more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private count(now: number, count: number): void {
    if (!this.isClosed) return;
    const bucket = this.bucketAt(now);
    bucket.total += count;
    bucket.failed += count;
    const total = this.buckets.reduce((sum, each) => sum + each.total, 0);
    const failed = this.buckets.reduce((sum, each) => sum + each.failed, 0);
    if (total >= this.limits.volume && failed >= total * this.limits.share) this.open();
  }

  /** Nothing is heard any more: shut until there is a sign of life. */
  private async awaitSign(): Promise<void> {
    // One that answers probes, and nothing else, is given pauses.
    if (this.silences >= this.limits.silences) return this.open();
    if (this.isStopped) return;
    this.silences += 1;
    this.become('half-open');
    const { episode } = this;
    const answer = this.probe();
    try {
      await this.inTime(answer);
      // What has failed still counts: a breaker that has not opened forgets nothing.
      if (this.mayDecide(episode)) this.become('closed');
    } catch {
      if (!this.mayDecide(episode)) return;
      this.open();
      // Redis is awake again when it answers at last: whether it is fast enough is seen at once.
      const isAwake = await answer.then(
        () => true,
        () => false,
      );
      if (isAwake && this.state === 'open' && this.episode === episode) await this.tryAgain();
    }
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
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.become('half-open');
    const { episode } = this;
    try {
      await this.inTime(this.probe());
      if (this.mayDecide(episode)) this.recover();
    } catch {
      if (this.mayDecide(episode)) this.open();
    }
  }

  /** Closed meanwhile, and perhaps opened again: that is for a later probe to judge. */
  private mayDecide(episode: number): boolean {
    return !this.isStopped && this.state === 'half-open' && this.episode === episode;
  }

  private async inTime(answer: Promise<unknown>): Promise<void> {
    await beforeDeadline(
      this.deadline,
      () => answer,
      () => new Error(`no answer within ${this.deadline} ms`),
    );
    this.heard();
  }

  /** All seems to be well again: what was is forgotten. */
  private recover(): void {
    clearTimeout(this.timer);
    this.buckets = [];
    this.closedSince = performance.now();
    this.become('closed');
  }

  private become(state: BreakerState): void {
    if (state === this.current) return;
    this.current = state;
    if (state === 'open') this.isOut = true;
    if (state === 'closed') {
      this.isOut = false;
      this.episode += 1;
    }
    this.onChange(state);
  }

  private bucketAt(now: number): Bucket {
    const number = Math.floor((now / this.limits.window) * BUCKETS);
    const last = this.buckets.at(-1);
    if (last?.number === number) return last;
    const bucket = { number, total: 0, failed: 0 };
    this.buckets = [...this.buckets.filter((each) => each.number > number - BUCKETS), bucket];
    return bucket;
  }
}
