import type { Duration } from './definition/duration.js';
import type { CacheRules } from './cache-events.js';
import type { Clock } from './engine/clock.js';
import type { Codec } from './codec/codec.js';
import type { EncryptionKey } from './codec/key-ring.js';
import type { CompressPolicy } from './definition/define-cache.js';
import type { RedisConnectionOptions } from './stores/redis/redis-options.js';

/** Options of `CacheModule.forRoot` and `forRootAsync`. All are checked at start. */
export interface CacheModuleOptions {
  /**
   * Prefix of everything that this application writes in Redis, such as `prod:bots`: words of letters, digits
   * and `. _ -`, joined by `:`. Applications with one namespace share their entries; no namespace may continue
   * another one at a `:` (`prod` beside `prod:bots`).
   */
  readonly namespace: string;
  /**
   * Where Redis is: a URL, a URL with details, some nodes of a cluster, the sentinels that know it, or a client of
   * the application's own. Left out, entries are kept in this process's memory, with the same semantics.
   *
   * @default undefined: in memory
   */
  readonly redis?: string | RedisConnectionOptions | undefined;
  /** This process's memory. */
  readonly l1?: L1Options;
  /** What definitions that say nothing of their own get. */
  readonly defaults?: CacheDefaultsOptions;
  /**
   * Ttl by name of the cache, in place of the definition's: `{ 'bot-details': '1m' }`. The name may also be in
   * the form that environment variables have (`BOT_DETAILS`), as `cacheOptionsFromEnv` gives it.
   *
   * @default {}
   */
  readonly ttlOverrides?: Readonly<Record<string, Duration>>;
  /**
   * What an event makes obsolete: `cacheService.emit` evicts it, and so does `@nestjs/event-emitter`, where the
   * application has it. Declare the events in {@link CacheEventMap}.
   *
   * @example
   * rules: { 'payment.success': ({ userId }) => [tag`user:${userId}`, planOf.at(userId), statistics.all()] }
   *
   * @default {}
   */
  readonly rules?: CacheRules;
  /**
   * Names of caches that begin disabled, as if their definitions said `enabled: false`; `cacheService.enable(name)`
   * wins over it. The names may also be in the form that environment variables have (`BOT_DETAILS`).
   *
   * @default []
   */
  readonly disabled?: readonly string[];
  /** Nest's own `CACHE_MANAGER`, which this module provides on the same connection. */
  readonly cacheManager?: CacheManagerOptions;
  /** How long loads may hold up one another. */
  readonly lease?: LeaseOptions;
  /** The keys of caches that set `encrypt`. @default none */
  readonly encryption?: EncryptionOptions;
  /**
   * Most bytes of one entry in Redis, and of its value before it is compressed, at most 268_435_455. What is larger
   * is returned but not stored, and not read.
   *
   * @default 8_388_608 (8 MiB)
   */
  readonly maxEntryBytes?: number;
  /** Longest time that `close()` and the application's shutdown wait for work in progress. @default '5s' */
  readonly shutdownDeadline?: Duration;
  /** Where the time comes from. For tests. @default Redis's clock; without Redis the machine's */
  readonly clock?: Clock;
  /** How values become bytes. @default JSON or MessagePack, as the value needs it */
  readonly codec?: Codec;
}

/** How entries are encrypted in Redis. */
export interface EncryptionOptions {
  /**
   * The first key encrypts, all of them decrypt. To replace a key, add the new one behind the old one everywhere, then
   * move it to the front, and drop the old one when the longest ttl is over. What no key of the list decrypts counts
   * as missing. A key is good for 2^32 (4 billion) stored entries.
   */
  readonly keys: readonly EncryptionKey[];
}

/** Limits of this process's memory, shared by all caches that set none of their own. */
export interface L1Options {
  /** Most entries. The least recently used one goes first. @default 10_000 */
  readonly maxEntries?: number;
  /** Most bytes of encoded values with their keys. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number;
  /** Longest time that an entry stays in memory before Redis is asked again. @default '30s' */
  readonly ttl?: Duration;
}

/** A lease gives one loader in the fleet the right to load a key and to store it. */
export interface LeaseOptions {
  /** How long it outlives a holder that has died. A holder that lives extends it. @default '3s' */
  readonly ttl?: Duration;
  /** Longest time that a loader keeps it; what it gives later is returned but not stored. @default '1m' */
  readonly max?: Duration;
  /** Longest time that a caller waits for another one's load before it loads by itself. @default '10s' */
  readonly wait?: Duration;
}

/** Defaults of policy fields, see `CachePolicy` for their meaning. */
export interface CacheDefaultsOptions {
  /** @default 0.1 */
  readonly jitter?: number;
  /** @default the smaller of a cache's ttl and '30s' */
  readonly nullTtl?: Duration;
  /** @default 0 */
  readonly staleWhileRevalidate?: Duration;
  /** @default 0 */
  readonly staleIfError?: Duration;
  /** @default false */
  readonly refreshAhead?: false | number | 'probabilistic';
  /** @default no limit */
  readonly softTimeout?: Duration;
  /** @default no limit */
  readonly hardTimeout?: Duration;
  /** @default 'clone' */
  readonly isolation?: 'clone' | 'share';
  /** @default false */
  readonly compress?: boolean | CompressPolicy;
  /** @default false */
  readonly encrypt?: boolean;
}

/** Options of the `CACHE_MANAGER` that existing code injects. */
export interface CacheManagerOptions {
  /** The ttl of what is set without one. @default '5m' */
  readonly ttl?: Duration;
}
