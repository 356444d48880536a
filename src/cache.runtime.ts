import { Logger } from '@nestjs/common';
import { constantCase, type ResolvedOptions } from './cache.options.resolved.js';
import { Sealer } from './codec/sealer.js';
import { ANY_TAG, EVERYTHING } from './engine/bound-cache.js';
import { CacheEngine } from './engine/cache-engine.js';
import { CacheEvents } from './engine/events.js';
import { TagTokens } from './engine/tag-tokens.js';
import { ReadTrace } from './engine/trace.js';
import { ProblemLog } from './problem-log.js';
import { within } from './resilience/within.js';
import { GuardedStore } from './resilience/guarded-store.js';
import { RedisBus } from './stores/bus/redis-bus.js';
import { MemoryStore } from './stores/memory/memory-store.js';
import { RedisConnection } from './stores/redis/redis-connection.js';
import { RedisKeys } from './stores/redis/redis-keys.js';
import type { ResolvedRedis } from './stores/redis/redis-options.js';
import { RedisStore } from './stores/redis/redis-store.js';

/** How long the first attempt to reach Redis may hold up the start of the application, milliseconds. */
const FIRST_ATTEMPT_MS = 1500;
/** How long QUIT may take before the connection is cut, milliseconds. */
const QUIT_MS = 200;

interface RedisParts {
  readonly connection: RedisConnection;
  readonly guard: GuardedStore;
  readonly bus: RedisBus;
}

/** Everything of one application that works behind the facade: the engine, and Redis if there is one. */
export class CacheRuntime {
  readonly events = new CacheEvents();
  readonly trace = new ReadTrace(this.events);
  readonly engine: CacheEngine;
  readonly redis: RedisParts | undefined;
  private readonly logger = new Logger('CacheModule');
  private readonly problems = new ProblemLog(this.logger);
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(readonly options: ResolvedOptions) {
    const { codec, clock, memory, defaults, ttlOverrides, lease } = options;
    const sharedTags = TagTokens.forEntries(memory.maxEntries, clock);
    this.events.problems.subscribe(({ operation, error }) => this.problems.report(operation, error));
    this.redis = options.redis && this.connectTo(options.redis, sharedTags);
    this.engine = new CacheEngine({
      codec,
      clock,
      memory,
      defaults,
      lease,
      sharedTags,
      events: this.events,
      makeMemory: (limits, tags) => new MemoryStore(limits, tags, clock),
      shared: this.redis?.guard,
      ttlOverride: (name) => ttlOverrides.get(constantCase(name)),
      // Without Redis nothing leaves this process, so there is nothing to encrypt.
      canEncrypt: options.redis === undefined || options.keyRing !== undefined,
    });
  }

  /** Where entries are kept, in words. */
  get description(): string {
    return this.redis?.connection.description ?? 'in memory of this process';
  }

  /** Tries to reach Redis; resolves when that succeeded, failed, or took too long. */
  open(): Promise<void> {
    this.opening ??= this.begin();
    return this.opening;
  }

  /** Waits for work in progress, for as long as the options say, and hangs up. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** A `CACHE_TTL_…` for a cache that does not exist is a misspelt one, or one for a cache that comes later. */
  warnOfUnusedOverrides(): void {
    const names = new Set([...this.engine.caches].map(({ name }) => constantCase(name)));
    for (const name of this.options.ttlOverrides.keys()) {
      if (!names.has(name))
        this.logger.warn(`A ttl is set for cache ${name}, but no cache has that name so far.`);
    }
  }

  report(operation: string, error: unknown): void {
    this.events.problems.emit({ operation, error });
  }

  private connectTo(redis: ResolvedRedis, sharedTags: TagTokens): RedisParts {
    const { namespace, clock, keyRing, maxEntryBytes } = this.options;
    const keys = new RedisKeys(namespace);
    const onProblem = (operation: string, error: unknown) => this.report(operation, error);
    const connection = new RedisConnection(redis, {
      ready: () => {
        this.logger.log(`Cache uses ${this.description}, namespace ${namespace}`);
        void guard.catchUp();
      },
      lost: (error) => this.logger.warn(this.lostMessage(error)),
    });
    const bus = new RedisBus(connection.client, connection.subscriber(), keys.bus, {
      invalidated: (invalidation) => this.engine.coherence.invalidated(invalidation),
      loadEnded: (key, ending) => this.engine.coherence.loadEnded(key, ending),
      armed: () => this.engine.coherence.armed(),
      broken: (reason) => {
        this.logger.warn(`Cache bus interrupted: ${reason}. Memory of this process is off until it is back.`);
        this.engine.coherence.broken();
      },
    });
    const store = new RedisStore({
      client: connection.client,
      keys,
      clock,
      sealer: new Sealer({ keyRing, maxEntryBytes, rulesOf: (cache) => this.engine.policyOf(cache) }),
      onProblem,
      known: {
        get age() {
          return sharedTags.age;
        },
        confirmed: (tag) => (bus.armed ? sharedTags.confirmed(tag) : undefined),
        confirm: (tag, token) => sharedTags.confirm(tag, token),
        forget: (tag) => sharedTags.forget(tag),
      },
      loadEndedMessage: (key, ending) => bus.loadEndedMessage(key, ending),
    });
    const evictEverything = async () => {
      await store.evictTags([ANY_TAG, EVERYTHING]);
      this.engine.coherence.evictTags([EVERYTHING]);
      await bus.publish({ tags: [EVERYTHING] });
      this.logger.warn('Evictions had not reached Redis: all entries of the namespace were evicted instead.');
    };
    const guard = new GuardedStore(store, bus, connection, evictEverything, onProblem);
    return { connection, guard, bus };
  }

  private lostMessage(error: Error | undefined): string {
    const reason = error === undefined ? 'connection closed' : error.message.replace(/\.$/, '');
    return (
      `Cache can't reach ${this.description}: ${reason}. Calls go to their loaders until it is back; ` +
      'connecting again by itself.'
    );
  }

  private async begin(): Promise<void> {
    if (this.redis === undefined) return;
    const { connection, bus } = this.redis;
    // One after the other: where the bus of a cluster is, is known when the cluster is.
    await within(
      FIRST_ATTEMPT_MS,
      connection.open().then(() => bus.open()),
    );
  }

  private async end(): Promise<void> {
    await within(this.options.shutdownDeadline, this.engine.background.drain());
    this.redis?.bus.close();
    await this.redis?.connection.close(QUIT_MS);
  }
}
