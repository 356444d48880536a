import { CacheError } from '../errors.js';
import type { Duration, Lifetime } from './duration.js';
import type { CacheKey, CacheTag } from './template.js';

/** How one process keeps entries of a cache in its own memory. */
export interface L1Policy {
  /**
   * Longest time that an entry stays in L1 before Redis is asked again, however long it lives there. Without
   * Redis there is nobody to ask, and memory holds entries for their whole life.
   *
   * @default '30s'
   */
  readonly ttl?: Duration;
  /**
   * Gives this cache a memory of its own with at most that many entries. The least recently used one goes
   * first.
   *
   * @default the module's `l1.maxEntries`, shared by all caches without limits of their own
   */
  readonly maxEntries?: number;
  /**
   * Gives this cache a memory of its own with at most that many bytes of encoded values.
   *
   * @default the module's `l1.maxBytes`, shared by all caches without limits of their own
   */
  readonly maxBytes?: number;
}

/** Which entries of a cache are compressed. */
export interface CompressPolicy {
  /** Least size of an encoded value to be compressed, bytes. @default the module's `defaults.compress`, else 1024 */
  readonly threshold?: number;
}

/** How entries of one cache live. Every field has a default, most of them in the module's `defaults`. */
export interface CachePolicy<Args extends readonly unknown[], Value = unknown> {
  /**
   * How long an entry is fresh: milliseconds, a text with a unit (`'5m'`), `'forever'`, or a function of the
   * value (an API token that knows when it expires). Zero and below store nothing.
   */
  readonly ttl: Lifetime | ((value: Value, ...args: Args) => Lifetime);
  /**
   * Share of the ttl, 0 to 1, that is taken off at random, so that entries made together do not end together.
   * It only ever shortens.
   *
   * @default 0.1
   */
  readonly jitter?: number;
  /**
   * The ttl of `null` and `undefined` results. 0 does not store them.
   *
   * @default the smaller of `ttl` and '30s'
   */
  readonly nullTtl?: Duration;
  /**
   * How long after the ttl an entry is still served while one caller reloads it in the background (RFC 5861).
   *
   * @default 0
   */
  readonly staleWhileRevalidate?: Duration;
  /**
   * How long after the ttl an entry is served when its reload fails (RFC 5861).
   *
   * @default 0
   */
  readonly staleIfError?: Duration;
  /**
   * Reloads a fresh entry in the background before its ttl ends, when it is read: once that share of the ttl is
   * over (0.8), or at random, the likelier the nearer the end and the longer its load takes (`'probabilistic'`,
   * XFetch), which spreads the reloads of many instances.
   *
   * @default false
   */
  readonly refreshAhead?: false | number | 'probabilistic';
  /**
   * How long a caller waits for a load when there is an entry within its stale windows to serve instead. The load
   * goes on in the background and stores.
   *
   * @default no limit
   */
  readonly softTimeout?: Duration;
  /**
   * How long callers wait for a load at most. Then they get the stale entry, or a `CacheLoadTimeoutError`; the load
   * goes on in the background and stores.
   *
   * @default no limit
   */
  readonly hardTimeout?: Duration;
  /** The process's own memory. `false` reads every time from Redis. @default {} */
  readonly l1?: L1Policy | false;
  /** Whether entries are kept in Redis, too. Without Redis it has no effect. @default true */
  readonly l2?: boolean;
  /**
   * `'clone'`: each caller gets a value of its own. `'share'`: all callers in the process get the same object
   * and promise not to change it; faster.
   *
   * @default 'clone'
   */
  readonly isolation?: 'clone' | 'share';
  /**
   * Whether entries are compressed in Redis: those whose encoded value has that many bytes or more, as long as it
   * makes them an eighth smaller. It costs time on each read from Redis; memory holds them as they are.
   *
   * @default false; `true` is a threshold of 1024 bytes
   */
  readonly compress?: boolean | CompressPolicy;
  /**
   * Whether entries are encrypted in Redis (AES-256-GCM, with the first of the module's `encryption.keys`). Then none
   * that is not is ever read, so that what was stored before counts as missing. Keys, tags, times and the size of
   * values can still be seen there: leave `compress` off where users choose one part of a value and must not learn
   * another, since its size tells what repeats. This process's memory holds values as they are.
   *
   * @default false
   */
  readonly encrypt?: boolean;
  /** Part of what an entry must match: changing it invalidates all that was stored before. @default '' */
  readonly version?: string | number;
  /**
   * Makes what callers get from what the loader returned and was stored, since class instances are stored as plain
   * objects: `revive: (plain: BotFields) => Object.assign(new Bot(), plain)`. Asked for every value that is handed
   * out, on hits and misses alike, except `null`, `undefined`, and calls that bypass. It gets an object of its own.
   *
   * When it throws, what is stored counts as unusable and is loaded anew; what was just loaded is returned as the
   * loader gave it, and not stored; `set` rejects with the error.
   *
   * @default values come back as they were stored
   */
  revive?(plain: unknown): Value;
  /** Labels for eviction, from the arguments of the key. @default none */
  readonly tags?: (...args: Args) => readonly CacheTag[];
  /**
   * Further labels for eviction, that only the value tells: the organization of a bot that is read by its own id.
   * An eviction of any tag while the value is loaded keeps it from being stored, since it may have been meant.
   *
   * @default none
   */
  readonly tagsOf?: (value: Value, ...args: Args) => readonly CacheTag[];
  /**
   * `false` passes every call through and stores nothing; evictions still happen. `CacheService.enable` wins over it.
   *
   * @default true
   */
  readonly enabled?: boolean;
}

/** What {@link defineCache} takes: a name, a key, a policy. */
export interface CacheSpec<Args extends readonly unknown[], Value = unknown> extends CachePolicy<
  Args,
  Value
> {
  /**
   * Unique in the application. Statistics, environment overrides (`bot-details` → `CACHE_TTL_BOT_DETAILS`) and
   * log lines go by it. Letters, digits, and `. _ -` between them.
   */
  readonly name: string;
  /** Makes the entry's key from the arguments, with the {@link key} template. */
  readonly key: (...args: Args) => CacheKey;
}

declare const valueType: unique symbol;

/** The policy of a definition whose argument and value types no longer matter. */
export interface AnyCachePolicy extends Omit<CachePolicy<never, never>, 'revive'> {
  revive?(plain: unknown): unknown;
}

/**
 * A cache as declared by {@link defineCache}. One constant per cache, used wherever the cache is.
 * With its default type arguments the type stands for any definition.
 */
export interface CacheDefinition<Args extends readonly unknown[] = never, Value = unknown> {
  readonly name: string;
  /** The key of one entry, as it stands behind the namespace in Redis. */
  readonly key: (...args: Args) => CacheKey;
  readonly policy: AnyCachePolicy;
  /**
   * The definition of which this is a variant: the same cache, with entries that live differently. Methods and
   * classes that set a policy of their own make them.
   */
  readonly derivedFrom?: CacheDefinition;
  /** Names one entry, to be evicted by `cacheService.evict` or a rule. */
  readonly at: (...args: Args) => CacheTarget<Value>;
  /** Names all entries of the cache. */
  readonly all: () => CacheTarget<Value>;
  /** Only for the compiler: the type of the cached values. */
  readonly [valueType]?: Value;
}

/** One entry of a cache, or all of them: `botDetails.at(botId)`, `botDetails.all()`. */
export interface CacheTarget<Value = unknown> {
  /** The cache. */
  readonly of: CacheDefinition<readonly unknown[]>;
  /** The arguments of the entry's key; `undefined` stands for all entries. */
  readonly args: readonly unknown[] | undefined;
  /** Only for the compiler: the type of the cached values. */
  readonly [valueType]?: Value;
}

const NAME = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/;
const LONGEST_NAME = 100;

/** Whether a cache can be named so. What environment variables make of a name can be one, too. */
export function isCacheName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name) && name.length <= LONGEST_NAME;
}

/**
 * Declares a cache: its name, its key, how long entries live, and the tags that evict them.
 *
 * The types of the arguments come from `key`; annotate its parameters there and nowhere else.
 *
 * @example
 * export const botDetails = defineCache({
 *   name: 'bot-details',
 *   key: (botId: string) => key`bot:${botId}:details`,
 *   ttl: '5m',
 *   tags: (botId) => [tag`bot:${botId}`],
 * });
 *
 * @throws CacheError `CACHE_INVALID_OPTION` when the name or an option breaks its rule.
 */
export function defineCache<Args extends readonly unknown[], Value = unknown>(
  spec: CacheSpec<Args, Value>,
): CacheDefinition<Args, Value> {
  const { name, key, ...policy } = spec;
  if (!isCacheName(name)) {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected \`name\` of a cache to be 1 to 100 letters, digits and inner \`. _ -\` such as 'bot-details', ` +
        `got ${JSON.stringify(spec.name)} (${typeof spec.name}).`,
    );
  }
  if (typeof key !== 'function') {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected \`key\` of cache \`${name}\` to be a function that returns a key such as ` +
        `(id: string) => key\`bot:\${id}\`, got ${typeof key}.`,
    );
  }
  const definition: CacheDefinition<Args, Value> = Object.freeze({
    name,
    key,
    policy: Object.freeze(policy),
    at: (...args: Args) => Object.freeze({ of, args }),
    all: () => Object.freeze({ of, args: undefined }),
  });
  const of = definition as CacheDefinition<readonly unknown[]>;
  return definition;
}
