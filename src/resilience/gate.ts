import { Deadlines, type Progress } from '../engine/deadlines.js';
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
  /** Asks for a sign of life, of whichever server, however long it takes; rejects when none can come. */
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

/** Carries out an operation. */
type Act<T> = (progress: Progress) => MaybePromise<T>;

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
  private readonly deadlines = new Deadlines(() => this.breaker.heard());
  private readonly late = () =>
    new LateError('CACHE_REDIS_UNAVAILABLE', `Redis did not answer within ${this.deadline} ms.`);
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

  /** Whether Redis is out of reach: there is no connection, or it was silent for more than a moment. */
  get isOutOfReach(): boolean {
    return !this.parts.connection.ready || this.breaker.hasOpened;
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

  /** Whether an operation that takes that many places would have to wait for its turn. */
  isCrowded(places = 1): boolean {
    return !this.turnstile.hasRoom(places);
  }

  /**
   * Carries out an operation.
   *
   * @param act may say that there is progress, which moves its deadline on
   * @param operation what it is, in one of a few words: for those who measure
   * @param places how many of those that may run at a time it counts for, and how many for the breaker
   * @throws GateShutError when it is not tried; CacheError `CACHE_REDIS_UNAVAILABLE` when there is no answer in time;
   * else what the operation throws
   */
  async run<T>(act: Act<T>, operation = 'other', places = 1): Promise<T> {
    if (!this.isOpen) throw this.shut();
    const turn = this.turnstile.enter(places);
    try {
      if (turn !== undefined) await this.stillOpenAfter(turn);
      const { events } = this.parts;
      const isHeard = events !== undefined && (events.redis.active || events.aroundRedis.active);
      return await (isHeard ? this.told(act, operation, places, events) : this.attempt(act, places));
    } finally {
      this.turnstile.leave(places);
    }
  }

  /**
   * Sends something behind what was sent before, though the breaker is open, if there is still a connection. Whether
   * it arrives is not known.
   */
  sendOn(act: () => Promise<unknown>): void {
    if (this.parts.connection.ready) act().catch(() => undefined);
  }

  /** What work gives, or `otherwise` when it takes longer, by default than an operation may. The work itself goes on. */
  async inTime<T, U>(work: () => Promise<T>, otherwise: U, ms = this.deadline): Promise<T | U> {
    try {
      return await this.deadlines.before(ms, work, this.late);
    } catch (error) {
      if (error instanceof LateError) return otherwise;
      throw error;
    }
  }

  private async stillOpenAfter(turn: Promise<void>): Promise<void> {
    await turn;
    if (!this.isOpen) throw this.shut();
  }

  private told<T>(
    act: Act<T>,
    operation: string,
    places: number,
    { redis, aroundRedis }: Pick<CacheEvents, 'redis' | 'aroundRedis'>,
  ): Promise<T> {
    const attempt = () => this.attempt(act, places);
    const work = redis.active ? () => this.measured(attempt, operation, redis) : attempt;
    return aroundRedis.active ? aroundRedis.run({ operation }, work) : work();
  }

  private async measured<T>(
    attempt: () => Promise<T>,
    operation: string,
    channel: CacheEvents['redis'],
  ): Promise<T> {
    const since = performance.now();
    let result: RedisOperation['result'] = 'ok';
    try {
      return await attempt();
    } catch (error) {
      result = resultOf(error);
      throw error;
    } finally {
      channel.emit({ operation, duration: performance.now() - since, result });
    }
  }

  private async attempt<T>(act: Act<T>, places: number): Promise<T> {
    try {
      const result = await this.deadlines.before(this.deadline, act, this.late);
      this.breaker.succeeded(places);
      return result;
    } catch (error) {
      this.judge(error, places);
      throw error;
    }
  }

  /** A refusal is an answer, and as fast as any: Redis is there. */
  private judge(error: unknown, places: number): void {
    const isRefusal = isRefused(error);
    if (isRefusal && !UNFIT.test(error.message)) return this.breaker.succeeded(places);
    if (isLate(error)) this.breaker.late(places);
    else this.breaker.failed(places);
    if (!isRefusal) this.parts.connection.doubt();
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
