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
  /** Part of what an entry must match: changing it invalidates all that was stored before. @default '' */
  readonly version?: string | number;
  /** Labels for eviction, from the arguments of the key. @default none */
  readonly tags?: (...args: Args) => readonly CacheTag[];
  /** `false` passes every call through and stores nothing; evictions still happen. @default true */
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
export type AnyCachePolicy = CachePolicy<never, never>;

/**
 * A cache as declared by {@link defineCache}. One constant per cache, used wherever the cache is.
 * With its default type arguments the type stands for any definition.
 */
export interface CacheDefinition<Args extends readonly unknown[] = never, Value = unknown> {
  readonly name: string;
  /** The key of one entry, as it stands behind the namespace in Redis. */
  readonly key: (...args: Args) => CacheKey;
  readonly policy: AnyCachePolicy;
  /** Only for the compiler: the type of the cached values. */
  readonly [valueType]?: Value;
}

const NAME = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/;

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
  if (typeof name !== 'string' || !NAME.test(name) || name.length > 100) {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected \`name\` of a cache to be 1 to 100 letters, digits and inner \`. _ -\` such as 'bot-details', ` +
        `got ${JSON.stringify(name)} (${typeof name}).`,
    );
  }
  if (typeof key !== 'function') {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected \`key\` of cache \`${name}\` to be a function that returns a key such as ` +
        `(id: string) => key\`bot:\${id}\`, got ${typeof key}.`,
    );
  }
  return Object.freeze({ name, key, policy: Object.freeze(policy) });
}
