import type { WarmupWish } from '../engine/warmup-calls.js';
import type { ResolvedWarmupModule } from './cache-warmup.options.resolved.js';
import { StopSignal } from './stop-signal.js';
import type { Timing } from './timing.js';
import { isUnavailable } from './warmup.leader.js';
import type { Place } from './warmup.line.js';
import { ProgressCounter } from './warmup.progress.js';
import type { WarmupJob, WarmupResult } from './warmup.registry.js';
import type { WarmupReporter } from './warmup.reporter.js';
import { WarmupRunner } from './warmup.runner.js';
import { tasksOf } from './warmup.tasks.js';
import type { Trigger, TriggerQueue } from './warmup.triggers.js';

/** Why a run stops that is to go on when Redis is back. */
export const REDIS_LOST = 'Redis can’t be reached';

export interface ExecutionParts {
  readonly module: Pick<ResolvedWarmupModule, 'logStep'>;
  readonly timing: Timing;
  readonly reporter: WarmupReporter;
  /** What finds its reads loaded and stored anew. */
  readonly warmup: (wish: WarmupWish) => <T>(work: () => T) => T;
  readonly onFailure: (operation: string, error: unknown) => void;
  /** Aborted when the application ends. */
  readonly stopping: AbortSignal;
  /** Aborted when it waits no more. */
  readonly gone: AbortSignal;
}

/** One run of a warmup that it is this instance's turn to run. */
export class WarmupExecution {
  readonly stop: StopSignal;
  private readonly progress: ProgressCounter;
  private readonly runner: WarmupRunner;
  private readonly startedAt = Date.now();
  /** Events that are being worked on. */
  private readonly attending = new Set<Promise<void>>();
  private isOver = false;
  private hasItems = false;

  constructor(
    private readonly job: WarmupJob,
    private readonly trigger: WarmupResult['trigger'],
    place: Place,
    private readonly parts: ExecutionParts,
  ) {
    const { timing, module, reporter } = parts;
    this.stop = new StopSignal(parts.stopping);
    const { signal } = this.stop;
    const { options } = job;
    this.progress = new ProgressCounter(timing, module.logStep, () =>
      reporter.progress(job, trigger, this.progress.now),
    );
    this.runner = new WarmupRunner({
      ...{ options, timing, signal, gone: parts.gone, progress: this.progress },
      turn: () => place.turn(signal),
      onFailure: (error) => this.hasFailed(error),
    });
  }

  /** Goes through what the method gives. Never rejects. */
  whole(since: number): Promise<WarmupResult> {
    const { job } = this;
    return this.carryOut(() =>
      this.runner.run(
        (run) => tasksOf(() => job.call(run), job.where, this.within(since)),
        (total) => this.begin(total),
      ),
    );
  }

  /** Goes through what the method gives for each event that waits, those that come meanwhile included. Never rejects. */
  events(queue: TriggerQueue): Promise<WarmupResult> {
    return this.carryOut(async () => {
      this.begin(undefined);
      this.attend(queue);
      while (this.attending.size > 0) await Promise.race(this.attending);
      this.isOver = true;
    });
  }

  /** There are events. */
  attend(queue: TriggerQueue): void {
    const { concurrency } = this.job.options;
    while (this.attending.size < concurrency && !this.stop.isStopped && !this.isOver) {
      const next = queue.take();
      if (next === undefined) return;
      const working = this.event(next).finally(() => {
        this.attending.delete(working);
        if (this.stop.isStopped && this.stop.signal.reason === REDIS_LOST) queue.putBack(next);
        this.attend(queue);
      });
      this.attending.add(working);
    }
  }

  private async event({ payload, since }: Trigger): Promise<void> {
    const { job, runner } = this;
    try {
      await runner.run(
        (run) => tasksOf(() => job.call(payload, run), job.where, this.within(since)),
        () => undefined,
      );
    } catch (error) {
      this.progress.hasFailed();
      this.hasFailed(error);
    }
  }

  private async carryOut(run: () => Promise<void>): Promise<WarmupResult> {
    const { job, trigger, stop } = this;
    job.progress = () => this.progress.now;
    let isFailed = false;
    try {
      await run();
    } catch (error) {
      isFailed = true;
      this.hasFailed(error);
    }
    job.progress = undefined;
    stop.release();
    const { done, failed, total, duration } = this.progress.now;
    const outcome = stop.isStopped ? 'stopped' : isFailed ? 'failed' : 'done';
    const reason = stop.isStopped ? String(stop.signal.reason) : isFailed ? this.whyFailed : undefined;
    return {
      ...{ outcome, trigger, startedAt: this.startedAt, duration, done, failed, total },
      ...(reason !== undefined && { reason }),
    };
  }

  private get whyFailed(): string {
    if (this.runner.isJammed) return 'its items went on after their timeout';
    return this.hasItems ? 'its items broke off' : 'its method gave no items';
  }

  private hasFailed(error: unknown): void {
    this.parts.onFailure(`warmup ${this.job.options.name}`, error);
    // All others would fail, too.
    if (isUnavailable(error)) this.stop.stop(REDIS_LOST);
  }

  private begin(total: number | undefined): void {
    this.hasItems = true;
    this.progress.begin(total);
    this.parts.reporter.started(this.job, this.trigger, this.progress.now);
  }

  private within(since: number): <T>(work: () => T) => T {
    const { mode, minRemaining } = this.job.options;
    return this.parts.warmup({ mode, since, share: minRemaining });
  }
}
