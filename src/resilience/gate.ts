import { beforeDeadline, type Progress } from '../engine/before-deadline.js';
import type { CacheEvents, RedisOperation } from '../engine/events.js';
import { CacheError } from '../errors.js';
import type { MaybePromise } from '../stores/store.js';
import { CircuitBreaker, type BreakerState } from './circuit-breaker.js';
import { Turnstile } from './turnstile.js';

/** Operations on their way to Redis at one moment. */
const MOST_AT_A_TIME = 500;
/** What Redis answers when it can't do its work for anybody. Other refusals are about one command or its data. */
const UNFIT = /^(?:LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|READONLY|NOAUTH|NOREPLICAS)\b/;

/** What the gate needs to know of the connection. */
export interface Reachable {
  /** Whether commands can be sent right now. */
  readonly ready: boolean;
  /** An answer did not come, or made no sense: the connection has to prove that it lives. */
  doubt(): void;
  /** Asks for a sign of life, however long it takes; rejects when none can come. */
  probe(): Promise<unknown>;
}

export interface GateParts {
  readonly connection: Reachable;
  /** Longest wait for one operation, milliseconds. */
  readonly deadline: number;
  readonly onBreaker: (state: BreakerState) => void;
  /** Where each operation is told of. */
  readonly events?: Pick<CacheEvents, 'redis' | 'aroundRedis'>;
}

/** The operation was not tried: there is no connection, or the breaker is open. */
export class GateShutError extends CacheError {
  constructor(reason: string) {
    super('CACHE_REDIS_UNAVAILABLE', `Redis is not asked: ${reason}.`);
  }
}

/** There was no answer in time. */
class LateError extends CacheError {}

/**
 * The one gate through which every operation on Redis passes: a deadline, a circuit breaker, and a limited number at
 * a time. While it is shut, operations reject at once.
 */
export class Gate {
  readonly deadline: number;
  private readonly breaker: CircuitBreaker;
  private readonly turnstile = new Turnstile(MOST_AT_A_TIME);

  constructor(private readonly parts: GateParts) {
    const { connection, deadline, onBreaker } = parts;
    this.deadline = deadline;
    this.breaker = new CircuitBreaker(() => connection.probe(), onBreaker, deadline);
  }

  /** Whether operations are let through. */
  get isOpen(): boolean {
    return this.parts.connection.ready && this.breaker.isClosed;
  }

  get breakerState(): BreakerState {
    return this.breaker.state;
  }

  /** The connection is new: what the old one did says nothing about it. */
  connected(): void {
    this.breaker.close();
  }

  /** Nothing is asked any more. */
  close(): void {
    this.breaker.stop();
  }

  /**
   * Carries out an operation.
   *
   * @param act may say that there is progress, which moves its deadline on
   * @param operation what it is, in one of a few words: for those who measure
   * @throws GateShutError when it is not tried; CacheError `CACHE_REDIS_UNAVAILABLE` when there is no answer in time;
   * else what the operation throws
   */
  run<T>(act: (progress: Progress) => MaybePromise<T>, operation = 'other'): Promise<T> {
    if (!this.isOpen) return Promise.reject(this.shut());
    return this.turnstile.run(() => (this.isOpen ? this.told(act, operation) : Promise.reject(this.shut())));
  }

  /**
   * Sends something behind what was sent before, though the breaker is open, if there is still a connection. Whether
   * it arrives is not known.
   */
  sendOn(act: () => Promise<unknown>): void {
    if (this.parts.connection.ready) act().catch(() => undefined);
  }

  private told<T>(act: (progress: Progress) => MaybePromise<T>, operation: string): Promise<T> {
    const { events } = this.parts;
    if (events === undefined) return this.attempt(act);
    const { redis, aroundRedis } = events;
    const work = redis.active ? () => this.measured(act, operation, redis) : () => this.attempt(act);
    return aroundRedis.active ? aroundRedis.run({ operation }, work) : work();
  }

  private async measured<T>(
    act: (progress: Progress) => MaybePromise<T>,
    operation: string,
    channel: CacheEvents['redis'],
  ): Promise<T> {
    const since = performance.now();
    let result: RedisOperation['result'] = 'ok';
    try {
      return await this.attempt(act);
    } catch (error) {
      result = resultOf(error);
      throw error;
    } finally {
      channel.emit({ operation, duration: performance.now() - since, result });
    }
  }

  private async attempt<T>(act: (progress: Progress) => MaybePromise<T>): Promise<T> {
    try {
      const result = await beforeDeadline(this.deadline, act, () => this.late());
      this.breaker.succeeded();
      return result;
    } catch (error) {
      this.judge(error);
      throw error;
    }
  }

  /** A refusal is an answer, and as fast as any: Redis is there. */
  private judge(error: unknown): void {
    const isRefusal = isRefused(error);
    if (isRefusal && !UNFIT.test(error.message)) return this.breaker.succeeded();
    if (isLate(error)) this.breaker.late();
    else this.breaker.failed();
    if (!isRefusal) this.parts.connection.doubt();
  }

  private late(): CacheError {
    return new LateError('CACHE_REDIS_UNAVAILABLE', `Redis did not answer within ${this.deadline} ms.`);
  }

  private shut(): GateShutError {
    const reason = this.parts.connection.ready ? 'it has failed too often lately' : 'there is no connection';
    return new GateShutError(reason);
  }
}

/** Whether an operation was not even tried. */
export function isShut(error: unknown): boolean {
  return error instanceof GateShutError;
}

function resultOf(error: unknown): RedisOperation['result'] {
  if (isRefused(error)) return 'refused';
  return error instanceof LateError ? 'late' : 'failed';
}

/** Whether nothing came in time: within this deadline, or a shorter one of the application's own client. */
function isLate(error: unknown): boolean {
  return error instanceof LateError || (error instanceof Error && error.message === 'Command timed out');
}

/** Whether Redis itself answered that it won't. By name: the client may come from another copy of ioredis. */
export function isRefused(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
