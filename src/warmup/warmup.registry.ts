import type { CacheWarmupEvent } from '../engine/events.js';
import { misuse } from '../decorators/misuse.js';
import type { ResolvedWarmup, WarmupSchedule } from './cache-warmup.options.resolved.js';
import type { WarmupMode, WarmupPriority } from './cache-warmup.options.js';
import type { WarmupProgress } from './warmup.progress.js';
import type { WarmupRun } from './warm.js';

/** What a run came to. Counts are of items. */
export interface WarmupResult {
  /**
   * `done`: it has been through all items. `failed`: its method did not give them, or they hang. `stopped`: the application ended,
   * or another instance has taken it over. `skipped`: it was not run here, see `reason`.
   */
  readonly outcome: 'done' | 'failed' | 'stopped' | 'skipped';
  readonly trigger: CacheWarmupEvent['trigger'];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly done: number;
  readonly failed: number;
  readonly total: number | undefined;
  /** In words, without keys and values. */
  readonly reason?: string;
}

/** How it stands with a warmup, in this instance. */
export interface WarmupStatus {
  readonly name: string;
  readonly priority: WarmupPriority;
  readonly mode: WarmupMode;
  readonly schedule: { readonly every: number } | { readonly cron: string } | undefined;
  /** The event that it runs on. */
  readonly on: string | undefined;
  /** `waiting`: for its turn in this instance, or for Redis. `elsewhere`: another instance runs it, and this one watches. */
  readonly state: 'idle' | 'waiting' | 'running' | 'elsewhere';
  /** Of the run that is under way here. */
  readonly progress: WarmupProgress | undefined;
  /** Events that wait. */
  readonly waitingEvents: number;
  /** When it is due next, milliseconds since the epoch. */
  readonly next: number | undefined;
  /** The last runs in this instance, the latest first. */
  readonly last: readonly WarmupResult[];
}

/** A warmup of the application. */
export class WarmupJob {
  state: WarmupStatus['state'] = 'idle';
  /** The run that is under way, or waits. */
  current: Promise<WarmupResult> | undefined;
  progress: (() => WarmupProgress) | undefined;
  next: (() => number | undefined) | undefined;
  waitingEvents: () => number = () => 0;
  private readonly results: WarmupResult[] = [];

  constructor(
    readonly options: ResolvedWarmup,
    /** Class and method. */
    readonly where: string,
    /** The method, of its instance. */
    readonly call: (...args: readonly [WarmupRun] | readonly [payload: unknown, WarmupRun]) => unknown,
    private readonly history: number,
  ) {}

  /** Whether the start of the application waits for it. */
  get holdsStart(): boolean {
    return this.options.onBoot === 'wait';
  }

  get status(): WarmupStatus {
    const { name, priority, mode, schedule, on } = this.options;
    return {
      name,
      priority,
      mode,
      schedule: schedule && shown(schedule),
      on,
      state: this.state,
      progress: this.progress?.(),
      waitingEvents: this.waitingEvents(),
      next: this.next?.(),
      last: [...this.results],
    };
  }

  noteResult(result: WarmupResult): void {
    this.results.unshift(result);
    this.results.length = Math.min(this.results.length, this.history);
  }
}

function shown(schedule: WarmupSchedule): NonNullable<WarmupStatus['schedule']> {
  return schedule.kind === 'every' ? { every: schedule.ms } : { cron: schedule.expression };
}

/** All warmups of the application, by name. */
export class WarmupRegistry {
  private readonly jobs = new Map<string, WarmupJob>();

  get all(): readonly WarmupJob[] {
    return [...this.jobs.values()];
  }

  /** @throws CacheError `CACHE_INVALID_USE` when another one has its name */
  add(job: WarmupJob): void {
    const { name } = job.options;
    const other = this.jobs.get(name);
    if (other === undefined) {
      this.jobs.set(name, job);
      return;
    }
    throw misuse(
      `Expected each warmup to have a name of its own, got two named \`${name}\`: ${other.where} and ${job.where}.`,
      'Give one of them another name.',
      'Is it one class that two modules list among their providers? Let one module export it to the other.',
    );
  }

  /** @throws CacheError `CACHE_INVALID_USE` when there is none with that name */
  get(name: string): WarmupJob {
    const job = this.jobs.get(name);
    if (job !== undefined) return job;
    const names = [...this.jobs.keys()].map((known) => `\`${known}\``).join(', ');
    throw misuse(
      `Expected the name of a warmup, which are ${names === '' ? 'none' : names}, ` +
        `got ${typeof name === 'string' ? `\`${name}\`` : typeof name}.`,
      'Check the spelling; and that the class with the method is among the providers of a module.',
    );
  }
}
