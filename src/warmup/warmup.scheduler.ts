import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import type { WarmupSchedule } from './cache-warmup.options.resolved.js';

/** When runs are due. */
export interface Due {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Runs that are due within that time of each other are one and the same, milliseconds. */
  readonly apart: number;
}

/** Timers drift, and instances start at different times: what is due after that share of the interval is another run. */
const SHARE_OF_INTERVAL = 0.9;

/** A timer may be that early, as clocks differ, milliseconds. */
const EARLY_MS = 1_000;

/** Keeps the times of warmups in Nest's `SchedulerRegistry`, where the application can see and stop them. */
export class WarmupScheduler {
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly registry: SchedulerRegistry,
    /** Milliseconds since the epoch. */
    private readonly now: () => number,
  ) {}

  /**
   * Begins. The registry has it as `cache-warmup:<name>`.
   *
   * @returns when it is due next, milliseconds since the epoch
   */
  add(warmup: string, schedule: WarmupSchedule, onDue: (due: Due) => void): () => number | undefined {
    const name = `cache-warmup:${warmup}`;
    return schedule.kind === 'every'
      ? this.addInterval(name, schedule.ms, onDue)
      : this.addCron(name, schedule, onDue);
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  private addInterval(name: string, ms: number, onDue: (due: Due) => void): () => number | undefined {
    let next = this.now() + ms;
    const tick = () => {
      next = this.now() + ms;
      onDue({ at: this.now(), apart: ms * SHARE_OF_INTERVAL });
    };
    this.registry.addInterval(name, setInterval(tick, ms));
    this.stops.push(() => {
      if (this.registry.doesExist('interval', name)) this.registry.deleteInterval(name);
    });
    return () => (this.registry.doesExist('interval', name) ? next : undefined);
  }

  private addCron(
    name: string,
    { expression, timeZone }: WarmupSchedule & { readonly kind: 'cron' },
    onDue: (due: Due) => void,
  ): () => number | undefined {
    const time = new CronTime(expression, timeZone);
    const after = (at: number) => time.getNextDateFrom(new Date(at), timeZone).toMillis();
    let next = after(Date.now());
    // All instances have the same time for it, however late each of them is.
    const tick = () => {
      const at = next;
      const now = Date.now();
      // Somebody has fired it by hand, through the registry: what is due next stays due.
      if (now < at - EARLY_MS) return onDue({ at: now, apart: 0 });
      next = after(Math.max(at, now));
      onDue({ at, apart: 0 });
    };
    const job = CronJob.from({
      cronTime: expression,
      onTick: tick,
      start: true,
      ...(timeZone !== undefined && { timeZone }),
    });
    this.registry.addCronJob(name, job);
    this.stops.push(() => {
      if (this.registry.doesExist('cron', name)) this.registry.deleteCronJob(name);
    });
    return () => (job.isActive ? job.nextDate().toMillis() : undefined);
  }
}

/** How long it is between two runs, milliseconds. */
export function intervalOf(schedule: WarmupSchedule): number {
  if (schedule.kind === 'every') return schedule.ms;
  const [first, second] = new CronTime(schedule.expression, schedule.timeZone).sendAt(2);
  return first === undefined || second === undefined ? 0 : second.toMillis() - first.toMillis();
}
