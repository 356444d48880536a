import type { CacheEventName } from '../cache-events.js';
import type { Duration } from '../definition/duration.js';

/** Which of the warmups that wait is next: all of `high` before any of `medium` before any of `low`. */
export type WarmupPriority = 'high' | 'medium' | 'low';

/**
 * What is loaded. `refresh`: all that the items read, unless it has been loaded since the run began. `fill`: what is
 * missing, or has less than `minRemaining` of its ttl left.
 */
export type WarmupMode = 'refresh' | 'fill';

/** Options of every warmup. */
export interface WarmupOptions {
  /** Name in the log, in `WarmupService`, and in Redis: letters, digits and inner `. _ -`. One of its own. */
  readonly name: string;
  /** @default 'medium', and 'high' for one that runs on an event */
  readonly priority?: WarmupPriority;
  /** @default 'refresh' */
  readonly mode?: WarmupMode;
  /** For `mode: 'fill'`: the share of its ttl, 0 to 1, that an entry must have left to be left alone. @default 0.5 */
  readonly minRemaining?: number;
  /** How many items are drawn from the iterable at a time, and are through before the next ones are. @default 50 */
  readonly batchSize?: number;
  /** How many items of this warmup are worked on at a time. @default 5 */
  readonly concurrency?: number;
  /** How often an item that has failed is tried again; and the method that gives the items. @default 2 */
  readonly retries?: number;
  /** Pause before the first retry; each further one is twice as long, 10 s at most, less a random half. @default '200ms' */
  readonly retryDelay?: Duration;
  /**
   * Longest time for one attempt at an item, for the method to give its items, and for the iterable to give the next
   * one. @default '30s'
   */
  readonly timeout?: Duration;
}

/** Options of a warmup that runs from time to time, at start, or by hand. */
export type ScheduledWarmupOptions = WarmupOptions & {
  readonly on?: never;
  /**
   * Whether it runs when the application starts, too. `true`: in the background. `'wait'`: the application does not
   * listen before it is over, here or in the instance that runs it. @default false
   */
  readonly onBoot?: boolean | 'wait';
} & (
    | {
        /** How often: once in that time for all instances together, counted from begin to begin. At most 24 days. */
        readonly every?: Duration;
        readonly cron?: never;
        readonly timeZone?: never;
      }
    | {
        readonly every?: never;
        /** When, as a cron expression of five or six fields: `'0 3 * * *'`. */
        readonly cron: string;
        /** For `cron`, such as `'Europe/Vienna'`. @default that of the process */
        readonly timeZone?: string;
      }
  );

/** Options of a warmup that runs on an event. */
export interface EventWarmupOptions<Event extends CacheEventName> extends WarmupOptions {
  /**
   * The event, as `CacheService.emit` gets it. It runs in the instance that emits it, when what the event evicts is
   * gone. An event that comes again while an equal one waits counts once.
   */
  readonly on: Event;
  readonly every?: never;
  readonly cron?: never;
  readonly timeZone?: never;
  readonly onBoot?: never;
}

/** Options of `CacheWarmupModule`. */
export interface CacheWarmupModuleOptions {
  /** `false`: nothing runs by itself; `WarmupService.run` works. @default true */
  readonly enabled?: boolean;
  /** How long after the death of an instance another one takes its runs over. @default '15s' */
  readonly lease?: Duration;
  /** How long the application waits at its end for items that are under way. @default '5s' */
  readonly shutdownDeadline?: Duration;
  /** How much progress makes a line in the log, in percent of the items, 1 to 100. @default 10 */
  readonly logStep?: number;
  /** How many results of each warmup `status` has. @default 10 */
  readonly history?: number;
  /** How many events may wait for each warmup; what comes on top is dropped, with a warning. @default 1000 */
  readonly maxWaitingEvents?: number;
}
