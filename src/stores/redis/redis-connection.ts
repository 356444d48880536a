import { Redis } from 'ioredis';
import { CacheError } from '../../errors.js';
import type { RedisClient } from './redis-client.js';
import type { RedisAddress, ResolvedRedis } from './redis-options.js';

/** How long the first attempt to connect may hold up the start of the application, milliseconds. */
const FIRST_ATTEMPT_MS = 1500;

/** What happens to the connection over time. */
export interface ConnectionListener {
  /** Redis can be used from now on. */
  ready(): void;
  /** Redis can't be used until `ready`. */
  lost(error: Error | undefined): void;
}

/** The application's data connection to Redis. It connects again by itself, for ever, until it is closed. */
export class RedisConnection {
  readonly client: RedisClient;
  readonly address: RedisAddress;
  private lastError: Error | undefined;
  private told: 'ready' | 'lost' | 'closed' | undefined;

  constructor(
    redis: ResolvedRedis,
    private readonly listener: ConnectionListener,
  ) {
    this.address = redis.address;
    this.client = new Redis(redis.options);
    this.client.on('error', (error: Error) => {
      this.lastError = error;
      this.tell('lost');
    });
    this.client.on('close', () => this.tell('lost'));
    this.client.on('ready', () => this.tell('ready'));
  }

  /** Whether commands can be sent right now. */
  get ready(): boolean {
    return this.client.status === 'ready';
  }

  /** Tries to connect, and resolves when that has succeeded, failed, or taken too long; it never rejects. */
  async open(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_ATTEMPT_MS);
    });
    // A failure has reached the listener by way of the `error` and `close` events.
    const connected = this.client.connect().then(
      () => undefined,
      () => this.tell('lost'),
    );
    await Promise.race([connected, tooLong]);
    clearTimeout(timer);
  }

  /**
   * Sends PING and returns how long the answer took, in milliseconds.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async ping(timeoutMs: number): Promise<number> {
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([this.client.ping(), tooLong]);
      return performance.now() - since;
    } catch (error) {
      throw this.unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says goodbye to Redis, or hangs up when that takes longer than the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.told = 'closed';
    if (this.client.status === 'end') return;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    if (this.ready) {
      const quit = this.client.quit().then(
        () => undefined,
        () => undefined,
      );
      await Promise.race([quit, tooLong]);
    }
    clearTimeout(timer);
    this.client.disconnect();
  }

  private unavailable(error: unknown): CacheError {
    // "Stream isn't writeable" only says that there is no connection; why not is what the last error knows.
    const cause = this.ready || this.lastError === undefined ? error : this.lastError;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const { host, port } = this.address;
    return new CacheError('CACHE_REDIS_UNAVAILABLE', `Redis at ${host}:${port} is not reachable: ${reason}`, {
      cause,
    });
  }

  private tell(state: 'ready' | 'lost'): void {
    if (state === this.told || this.told === 'closed') return;
    this.told = state;
    if (state === 'ready') {
      this.lastError = undefined;
      this.listener.ready();
    } else {
      this.listener.lost(this.lastError);
    }
  }
}
