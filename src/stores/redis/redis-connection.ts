import { CacheError } from '../../errors.js';
import { within } from '../../resilience/within.js';
import { ClusterLink } from './cluster-link.js';
import type { RedisClient, RedisNode } from './redis-client.js';
import type { RedisLink } from './redis-link.js';
import type { ResolvedRedis } from './redis-options.js';
import { topologyOf } from './redis-topology.js';
import { ServerLink } from './server-link.js';

/** What happens to the connection over time. */
export interface ConnectionListener {
  /** Redis can be used from now on. */
  ready(): void;
  /** Redis can't be used until `ready`. */
  lost(error: Error | undefined): void;
}

/** The application's data connection to Redis. It connects again by itself, for ever, until it is closed. */
export class RedisConnection {
  private readonly link: RedisLink;
  private lastError: Error | undefined;
  private told: 'ready' | 'lost' | 'closed' | undefined;

  constructor(
    redis: ResolvedRedis,
    private readonly listener: ConnectionListener,
  ) {
    const state = {
      up: () => this.tell('ready'),
      down: (error?: Error) => {
        this.lastError = error ?? this.lastError;
        this.tell('lost');
      },
    };
    this.link = 'nodes' in redis ? new ClusterLink(redis, state) : new ServerLink(redis, state);
  }

  get client(): RedisClient {
    return this.link.client;
  }

  /** Where it leads, in words, without user and password. */
  get description(): string {
    return this.link.description;
  }

  /** A connection of the same kind for subscriptions, not opened yet. It is the caller's to close. */
  subscriber(): RedisNode {
    return this.link.subscriber();
  }

  /** Whether commands can be sent right now. */
  get ready(): boolean {
    return this.link.ready;
  }

  /** Tries to connect; resolves when that has succeeded or failed. It goes on trying by itself. */
  open(): Promise<void> {
    return this.link.open().then(
      () => undefined,
      // A failure has reached the listener by way of the link's events, or does now.
      () => this.tell('lost'),
    );
  }

  /**
   * Sends PING, on a cluster to every master, and returns how long the answers took, in milliseconds.
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
      const masters = topologyOf(this.client).masters();
      await Promise.race([Promise.all(masters.map((master) => master.ping())), tooLong]);
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
    if (this.ready) await within(deadlineMs, this.client.quit());
    // Called on an ended connection, it would hold up the end of the process.
    if (!this.ended) this.client.disconnect();
  }

  private get ended(): boolean {
    return this.client.status === 'end';
  }

  private unavailable(error: unknown): CacheError {
    // "Stream isn't writeable" only says that there is no connection; why not is what the last error knows.
    const cause = this.ready || this.lastError === undefined ? error : this.lastError;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new CacheError('CACHE_REDIS_UNAVAILABLE', `${this.link.name} is not reachable: ${reason}`, {
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
