import type { Logger } from '@nestjs/common';
import type { CacheWarmupEvent } from '../engine/events.js';
import type { WarmupJob, WarmupResult } from './warmup.registry.js';
import type { WarmupProgress } from './warmup.progress.js';

/** Reasons not to run one that somebody should hear of. */
export const REDIS_AWAY = 'Redis can’t be reached, so nothing would be stored';
export const TOO_MANY = 'too many events wait for it';
const WRONG: ReadonlySet<string> = new Set([REDIS_AWAY, TOO_MANY]);

/** Within that time events that are dropped make one line, milliseconds. */
const QUIET_MS = 10_000;

/** Tells of runs: in the log, without keys and values, and by events. */
export class WarmupReporter {
  private readonly quiet = new Map<WarmupJob, { readonly since: number; held: number }>();

  constructor(
    private readonly logger: Pick<Logger, 'log' | 'warn' | 'debug'>,
    private readonly emit: (event: CacheWarmupEvent) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  started(job: WarmupJob, trigger: WarmupResult['trigger'], progress: WarmupProgress): void {
    const { total } = progress;
    this.log(trigger, `Warmup ${job.options.name} begins${total === undefined ? '' : `: ${items(total)}`}`);
    this.tell(job, 'started', trigger, progress);
  }

  progress(job: WarmupJob, trigger: WarmupResult['trigger'], progress: WarmupProgress): void {
    const { done, failed, total, rate, timeLeft } = progress;
    const through = done + failed;
    const share = total === undefined ? '' : ` (${Math.floor((through * 100) / total)} %) of ${total}`;
    const left = timeLeft === undefined ? '' : `, ${seconds(timeLeft)} left`;
    const line = `${through}${share}, ${failed} failed, ${rate.toFixed(1)} per second${left}`;
    this.log(trigger, `Warmup ${job.options.name}: ${line}`);
    this.tell(job, 'progress', trigger, progress);
  }

  finished(job: WarmupJob, result: WarmupResult): void {
    const { outcome, trigger, reason, done, failed, duration } = result;
    const line =
      `Warmup ${job.options.name} ${outcome === 'done' ? 'is done' : `has ${outcome}`} after ${seconds(duration)}` +
      `: ${done} done, ${failed} failed${reason === undefined ? '' : ` (${reason})`}`;
    if (outcome === 'failed' || failed > 0) this.logger.warn(line);
    else this.log(trigger, line);
    this.tellDropped(job);
    this.tell(job, 'finished', trigger, result, {
      ...(outcome !== 'skipped' && { outcome }),
      ...(reason !== undefined && { reason }),
    });
  }

  skipped(job: WarmupJob, result: WarmupResult): void {
    const { trigger, reason = '' } = result;
    const line = `Warmup ${job.options.name} is skipped: ${reason}`;
    if (reason === TOO_MANY) this.dropped(job, line);
    else if (WRONG.has(reason)) this.logger.warn(line);
    else this.logger.debug(line);
    this.tell(job, 'skipped', trigger, result, { reason });
  }

  /** Many come at a time. */
  private dropped(job: WarmupJob, line: string): void {
    const now = this.now();
    const quiet = this.quiet.get(job);
    if (quiet !== undefined && now - quiet.since < QUIET_MS) {
      quiet.held += 1;
      return;
    }
    this.tellDropped(job);
    this.logger.warn(line);
    this.quiet.set(job, { since: now, held: 0 });
  }

  private tellDropped(job: WarmupJob): void {
    const quiet = this.quiet.get(job);
    if (quiet === undefined || quiet.held === 0) return;
    this.logger.warn(`Warmup ${job.options.name} was skipped ${quiet.held} times more: ${TOO_MANY}`);
    quiet.held = 0;
  }

  /** It goes on when Redis is back. */
  waits(job: WarmupJob): void {
    this.logger.warn(`Warmup ${job.options.name} waits for Redis, which can’t be reached`);
  }

  /** What runs on events runs often. */
  private log(trigger: WarmupResult['trigger'], line: string): void {
    if (trigger === 'event') this.logger.debug(line);
    else this.logger.log(line);
  }

  private tell(
    job: WarmupJob,
    kind: CacheWarmupEvent['kind'],
    trigger: WarmupResult['trigger'],
    { done, failed, total, duration }: Pick<WarmupProgress, 'done' | 'failed' | 'total' | 'duration'>,
    more: Partial<CacheWarmupEvent> = {},
  ): void {
    const warmup = job.options.name;
    this.emit({ warmup, kind, trigger, done, failed, total, duration, ...more });
  }
}

function items(count: number): string {
  return `${count} item${count === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
