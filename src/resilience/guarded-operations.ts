import type { Invalidation } from '../engine/bus.js';
import type { Progress } from '../engine/deadlines.js';
import { CacheError } from '../errors.js';
import type { HowToEvict, MaybePromise } from '../stores/store.js';
import { isShut, type Gate } from './gate.js';
import type { GuardedStoreParts } from './guarded-store-parts.js';
import type { OutageQueue } from './outage-queue.js';

/** How operations on the shared store get there, and what becomes of those that don't. */
export class GuardedOperations {
  private hasConnected = false;
  /** When Redis was last seen to be out of reach, or would not take a lease back, on the clock of `performance.now()`. */
  private troubledAt = -Infinity;

  constructor(
    private readonly gate: Gate,
    private readonly queue: OutageQueue,
    private readonly parts: Pick<GuardedStoreParts, 'onProblem' | 'onQueued'>,
  ) {}

  /** There is a new connection. */
  connected(): void {
    if (this.hasConnected) this.noteTrouble();
    this.hasConnected = true;
  }

  noteTrouble(): void {
    this.troubledAt = performance.now();
  }

  /** Whether there was trouble within the last so many milliseconds. */
  wasTroubled(ms: number): boolean {
    return performance.now() - this.troubledAt < ms;
  }

  problem(operation: string, error: unknown): void {
    // That it is shut has been told when it was.
    if (!isShut(error)) this.parts.onProblem(operation, error);
  }

  /** One that may be left undone, within one deadline in all: whatever it has to wait for before its turn. */
  askInTime<T, U>(
    operation: string,
    otherwise: U,
    act: () => MaybePromise<T>,
    places: number,
  ): Promise<T | U> {
    // What need not wait has the deadline of the gate.
    const mayWait = this.queue.isBehind || this.gate.isCrowded(places);
    const ask = () => this.ask<T | U>(operation, otherwise, act, places);
    return mayWait ? this.gate.inTime(ask, otherwise) : ask();
  }

  /** What is left of one that began then, on the clock of `performance.now()`: within what is left of its deadline. */
  askRest<T>(operation: string, otherwise: T, rest: () => Promise<T>, since: number): Promise<T> {
    const { deadline } = this.gate;
    const left = deadline - (performance.now() - since);
    // What has come later than that was not late: it had waited for its turn, or the event loop was blocked.
    const ms = left > 0 ? left : deadline;
    return this.gate.inTime(() => this.ask(operation, otherwise, rest), otherwise, ms);
  }

  /** One that may be left undone. */
  async ask<T>(operation: string, otherwise: T, act: () => MaybePromise<T>, places?: number): Promise<T> {
    if (!this.gate.isOpen) {
      // A moment of silence keeps nobody from giving a lease back: that arrives when it is over.
      if (this.hasConnected && this.gate.isOutOfReach) this.noteTrouble();
      return otherwise;
    }
    if (this.queue.isBehind) {
      await this.gate.inTime(() => this.queue.replay(), undefined);
      if (this.queue.isBlocking) return otherwise;
    }
    try {
      return await this.gate.run(act, operation, places);
    } catch (error) {
      this.problem(operation, error);
      return otherwise;
    }
  }

  /** One after which the old value must not be seen again, whether it succeeds or not. */
  async change(
    operation: string,
    what: Invalidation,
    how: HowToEvict | undefined,
    act: (progress: Progress) => MaybePromise<void>,
  ): Promise<void> {
    this.queue.remember(what);
    try {
      await this.gate.run(act, operation);
    } catch (error) {
      this.problem(operation, error);
      if (how?.strict === true) throw notEvicted(error);
      this.queue.add(what);
      this.parts.onQueued?.(what);
    }
  }
}

function notEvicted(cause: unknown): CacheError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CacheError('CACHE_REDIS_UNAVAILABLE', `The eviction did not reach Redis: ${reason}`, { cause });
}
