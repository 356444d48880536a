import { CacheError } from '../../errors.js';
import { linkTo } from './link-to.js';
import { Liveness } from './liveness.js';
import { catchParserErrors } from './parser-errors.js';
import { isCluster, type RedisClient, type RedisNode } from './redis-client.js';
import type { RedisLink } from './redis-link.js';
import type { ResolvedRedis } from './redis-options.js';
import { watchOwners } from './slot-owners.js';
import { topologyOf } from './redis-topology.js';

/** Shortest wait for a sign of life before a connection is dropped, milliseconds: one that is slow is not dead. */
const LEAST_PROOF_MS = 1000;

/** How many reasons are told while it is lost. */
const MOST_REASONS = 5;

/** What happens to the connection over time. */
export interface ConnectionListener {
  /** Redis can be used from now on. */
  ready(): void;
  /** Redis can't be used until `ready`. Said again when a reason shows that has not been told. */
  lost(error: Error | undefined): void;
  /** One of several masters has been replaced by another server. */
  replaced(): void;
}

/** The application's data connection to Redis. It connects again by itself, for ever, until it is closed. */
export class RedisConnection {
  private readonly link: RedisLink;
  private readonly isOurs: boolean;
  private readonly liveness: Liveness;
  private lastError: Error | undefined;
  private lastChange = Date.now();
  private told: 'ready' | 'lost' | 'closed' | undefined;
  private readonly reasons = new Set<string>();
  private readonly forgetOwners: () => void = () => undefined;

  constructor(
    redis: ResolvedRedis,
    private readonly listener: ConnectionListener,
  ) {
    const state = {
      up: () => this.tell('ready'),
      down: (error?: Error) => {
        this.lastError = error ?? this.lastError;
        // A client may tell of an error and go on as before.
        if (this.link.ready) return;
        this.tell('lost');
        this.explain();
      },
    };
    this.link = linkTo(redis, state);
    const { client } = this.link;
    this.isOurs = redis.kind !== 'client';
    this.liveness = new Liveness(
      () => topologyOf(client).masters('connected'),
      Math.max(redis.deadline, LEAST_PROOF_MS),
    );
    if (isCluster(client)) this.forgetOwners = watchOwners(client, () => listener.replaced());
    if (!this.isOurs) return;
    if (isCluster(client)) client.on('+node', catchParserErrors);
    else catchParserErrors(client);
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
    const subscriber = this.link.subscriber();
    catchParserErrors(subscriber);
    return subscriber;
  }

  /** Whether commands can be sent right now. */
  get ready(): boolean {
    return this.link.ready;
  }

  /** Since when it is ready, or is not: milliseconds since the epoch. */
  get since(): number {
    return this.lastChange;
  }

  /** An answer did not come, or made no sense: the connection has to prove that it lives. */
  doubt(): void {
    // The application's own client is not ours to drop.
    if (this.isOurs) this.liveness.check();
  }

  /** Tries to connect; resolves when that has succeeded or failed. It goes on trying by itself. */
  open(): Promise<void> {
    return this.link.open().then(
      () => undefined,
      // A failure has reached the listener by way of the link's events, or does now.
      () => this.tell('lost'),
    );
  }

  /** Sends PING to all servers that are connected, and waits for the first answer, however long it takes. */
  async probe(): Promise<void> {
    const nodes = topologyOf(this.client).masters('connected');
    if (nodes.length === 0) throw new Error('There is no connection.');
    // One that is silent says nothing about the others.
    await Promise.any(nodes.map((node) => node.ping()));
  }

  /**
   * Sends PING, on a cluster to every master, and returns how long the answers took, in milliseconds.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async ping(timeoutMs: number): Promise<number> {
    const since = performance.now();
    const ping = async () =>
      Promise.all(
        topologyOf(this.client)
          .masters()
          .map((master) => master.ping()),
      );
    await this.within(timeoutMs, ping());
    return performance.now() - since;
  }

  /**
   * Waits for an answer of Redis, for a limited time.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return await Promise.race([answer, tooLong]);
    } catch (error) {
      throw this.unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says goodbye to Redis, or hangs up when that takes longer than the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.told = 'closed';
    this.forgetOwners();
    await this.link.close(deadlineMs);
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
    this.lastChange = Date.now();
    if (state === 'ready') {
      this.lastError = undefined;
      this.reasons.clear();
      this.listener.ready();
    } else {
      if (this.lastError !== undefined) this.reasons.add(this.lastError.message);
      this.listener.lost(this.lastError);
    }
  }

  /** Why it was lost is one thing, why it can't be made again another. */
  private explain(): void {
    const { lastError, reasons } = this;
    if (this.told !== 'lost' || lastError === undefined) return;
    if (reasons.has(lastError.message) || reasons.size >= MOST_REASONS) return;
    reasons.add(lastError.message);
    this.listener.lost(lastError);
  }
}
