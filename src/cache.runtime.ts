import { Logger } from '@nestjs/common';
import { constantCase, type ResolvedOptions } from './cache.options.resolved.js';
import { EVERYTHING } from './engine/bound-cache.js';
import { CacheEngine } from './engine/cache-engine.js';
import { CacheEvents } from './engine/events.js';
import { TagTokens } from './engine/tag-tokens.js';
import { ReadTrace } from './engine/trace.js';
import { ProblemLog } from './problem-log.js';
import { GuardedStore } from './resilience/guarded-store.js';
import { MemoryStore } from './stores/memory/memory-store.js';
import { RedisConnection } from './stores/redis/redis-connection.js';
import { RedisStore } from './stores/redis/redis-store.js';

/** How long QUIT may take before the connection is cut, milliseconds. */
const QUIT_MS = 200;

interface RedisParts {
  readonly connection: RedisConnection;
  readonly guard: GuardedStore;
}

/** Everything of one application that works behind the facade: the engine, and Redis if there is one. */
export class CacheRuntime {
  readonly events = new CacheEvents();
  readonly trace = new ReadTrace(this.events);
  readonly engine: CacheEngine;
  readonly redis: RedisParts | undefined;
  private readonly logger = new Logger('CacheModule');
  private readonly problems = new ProblemLog(this.logger);
  private closing: Promise<void> | undefined;

  constructor(readonly options: ResolvedOptions) {
    const { codec, clock, memory, defaults, ttlOverrides } = options;
    const tags = new TagTokens();
    this.events.problems.subscribe(({ operation, error }) => this.problems.report(operation, error));
    this.redis = options.redis && this.connectTo(options.redis);
    this.engine = new CacheEngine({
      codec,
      clock,
      memory,
      defaults,
      events: this.events,
      makeMemory: (limits) => new MemoryStore(limits, tags, clock),
      shared: this.redis?.guard,
      ttlOverride: (name) => ttlOverrides.get(constantCase(name)),
    });
  }

  /** Where entries are kept, in words. */
  get description(): string {
    if (this.redis === undefined) return 'in memory of this process';
    const { host, port, database, tls } = this.redis.connection.address;
    return `Redis at ${host}:${port}, database ${database}${tls ? ', TLS' : ''}`;
  }

  /** Tries to reach Redis; resolves when that succeeded, failed, or took too long. */
  async open(): Promise<void> {
    await this.redis?.connection.open();
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

  private connectTo(redis: NonNullable<ResolvedOptions['redis']>): RedisParts {
    const { namespace, clock } = this.options;
    const onProblem = (operation: string, error: unknown) => this.report(operation, error);
    const connection = new RedisConnection(redis, {
      ready: () => {
        this.logger.log(`Cache uses ${this.description}, namespace ${namespace}`);
        void guard.catchUp();
      },
      lost: (error) => {
        const reason = error === undefined ? 'connection closed' : error.message.replace(/\.$/, '');
        this.logger.warn(
          `Cache can't reach ${this.description}: ${reason}. Calls go to their loaders until it is back; ` +
            'connecting again by itself.',
        );
      },
    });
    const store = new RedisStore(connection.client, namespace, clock, onProblem);
    const evictEverything = async () => {
      await store.evictTags([EVERYTHING]);
      this.engine.writes.evictTagsHere([EVERYTHING]);
      this.logger.warn('Evictions had not reached Redis: all entries of the namespace were evicted instead.');
    };
    const guard = new GuardedStore(store, connection, evictEverything, onProblem);
    return { connection, guard };
  }

  private async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.shutdownDeadline);
    });
    await Promise.race([this.engine.background.drain(), tooLong]);
    clearTimeout(timer);
    await this.redis?.connection.close(QUIT_MS);
  }
}
