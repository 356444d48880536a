import type {
  CacheDefaultsOptions,
  CacheModuleOptions,
  EncryptionOptions,
  L1Options,
  LeaseOptions,
} from './cache.options.js';
import { RuleBook } from './cache.rules.js';
import { KeyRing } from './codec/key-ring.js';
import { ValueCodec } from './codec/value-codec.js';
import type { Codec } from './codec/codec.js';
import { isCacheName } from './definition/define-cache.js';
import { parseDuration } from './definition/duration.js';
import { systemClock, type Clock } from './engine/clock.js';
import type { LeaseLimits } from './engine/lease-keeper.js';
import { checkDefaults, entryCount, type PolicyDefaults } from './engine/policy.js';
import { CacheError } from './errors.js';
import { refuseUnknown, refuseWithout } from './known-options.js';
import type { MemoryLimits } from './stores/near-store.js';
import type { ResolvedRedis } from './stores/redis/redis-options.js';
import { resolveRedis } from './stores/redis/resolve-redis.js';

/** The module's options with every default filled in and every value checked. */
export interface ResolvedOptions {
  readonly namespace: string;
  readonly redis: ResolvedRedis | undefined;
  readonly memory: MemoryLimits;
  readonly defaults: PolicyDefaults;
  /** Milliseconds by name of the cache in the form of environment variables. */
  readonly ttlOverrides: ReadonlyMap<string, number>;
  readonly rules: RuleBook;
  /** Names of caches in the form of environment variables. */
  readonly disabled: ReadonlySet<string>;
  readonly cacheManagerTtl: number;
  readonly lease: LeaseLimits;
  readonly keyRing: KeyRing | undefined;
  readonly maxEntryBytes: number;
  readonly shutdownDeadline: number;
  readonly clock: Clock;
  readonly codec: Codec;
}

const KNOWN: readonly (keyof CacheModuleOptions | 'isGlobal')[] = [
  ...(['namespace', 'redis', 'l1', 'defaults', 'ttlOverrides', 'cacheManager', 'shutdownDeadline'] as const),
  ...(['disabled', 'rules', 'lease', 'encryption', 'maxEntryBytes', 'clock', 'codec', 'isGlobal'] as const),
];
const KNOWN_L1: readonly (keyof L1Options)[] = ['maxEntries', 'maxBytes', 'ttl'];
const KNOWN_LEASE: readonly (keyof LeaseOptions)[] = ['ttl', 'max', 'wait'];
const KNOWN_ENCRYPTION: readonly (keyof EncryptionOptions)[] = ['keys'];
const KNOWN_DEFAULTS: readonly (keyof CacheDefaultsOptions)[] = [
  ...(['jitter', 'nullTtl', 'staleWhileRevalidate', 'staleIfError', 'isolation'] as const),
  ...(['refreshAhead', 'softTimeout', 'hardTimeout', 'compress', 'encrypt'] as const),
];

const NAMESPACE = /^[A-Za-z0-9._-]+(?::[A-Za-z0-9._-]+)*$/;
const LONGEST_NAMESPACE = 100;
const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_ENTRY_BYTES = 8 * 1024 * 1024;
/** What the lengths in an envelope can tell. */
const LARGEST_ENTRY_BYTES = 2 ** 28 - 1;

/**
 * Checks the module's options.
 *
 * @throws CacheError `CACHE_INVALID_OPTION` naming the option, the rule and the value
 */
export function resolveOptions(options: CacheModuleOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalid(
      'CacheModule options',
      'an object with at least a `namespace`',
      options,
      "Write { namespace: 'my-app' }.",
    );
  }
  const { l1 = {}, defaults = {} } = options;
  refuseUnknown(options, KNOWN, '');
  refuseUnknown(l1, KNOWN_L1, 'l1.');
  refuseUnknown(defaults, KNOWN_DEFAULTS, 'defaults.');
  const { cacheManager = {}, clock = systemClock, codec = new ValueCodec() } = options;
  refuseUnknown(cacheManager, ['ttl'], 'cacheManager.');
  refuseWithout(clock, ['now'], 'clock');
  refuseWithout(codec, ['encode', 'decode'], 'codec');
  const keyRing = keyRingOf(options);
  const policyDefaults = { ...defaults, ...(l1.ttl !== undefined && { l1: { ttl: l1.ttl } }) };
  checkDefaults(policyDefaults, options.redis === undefined || keyRing !== undefined);
  return {
    namespace: namespaceOf(options),
    redis: options.redis === undefined ? undefined : resolveRedis(options.redis, options.namespace),
    memory: {
      maxEntries: entryCount(l1.maxEntries ?? DEFAULT_MAX_ENTRIES, 'l1.maxEntries`'),
      maxBytes: positive(l1.maxBytes ?? DEFAULT_MAX_BYTES, '`l1.maxBytes`'),
    },
    defaults: policyDefaults,
    ttlOverrides: ttlsOf(options),
    rules: rulesOf(options),
    disabled: disabledOf(options.disabled, 'disabled'),
    cacheManagerTtl: aboveZero(cacheManager.ttl ?? '5m', '`cacheManager.ttl`'),
    lease: leaseOf(options),
    keyRing,
    maxEntryBytes: maxEntryBytesOf(options),
    shutdownDeadline: parseDuration(options.shutdownDeadline ?? '5s', '`shutdownDeadline`'),
    clock,
    codec,
  };
}

/** The name of a cache as an environment variable has it: `bot-details` → `BOT_DETAILS`. */
export function constantCase(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

function leaseOf({ lease = {} }: CacheModuleOptions): LeaseLimits {
  refuseUnknown(lease, KNOWN_LEASE, 'lease.');
  return {
    ttl: aboveZero(lease.ttl ?? '3s', '`lease.ttl`'),
    max: aboveZero(lease.max ?? '1m', '`lease.max`'),
    wait: aboveZero(lease.wait ?? '10s', '`lease.wait`'),
  };
}

function keyRingOf({ encryption }: CacheModuleOptions): KeyRing | undefined {
  if (encryption === undefined) return undefined;
  refuseUnknown(encryption, KNOWN_ENCRYPTION, 'encryption.');
  return KeyRing.of(encryption.keys, 'encryption.keys');
}

function maxEntryBytesOf({ maxEntryBytes = DEFAULT_MAX_ENTRY_BYTES }: CacheModuleOptions): number {
  if (positive(maxEntryBytes, '`maxEntryBytes`') <= LARGEST_ENTRY_BYTES) return maxEntryBytes;
  throw invalid(
    '`maxEntryBytes`',
    `at most ${LARGEST_ENTRY_BYTES}`,
    maxEntryBytes,
    'Leave it out for the default.',
  );
}

function rulesOf({ rules = {} }: CacheModuleOptions): RuleBook {
  return new RuleBook(rules);
}

function namespaceOf({ namespace }: CacheModuleOptions): string {
  if (typeof namespace === 'string' && NAMESPACE.test(namespace) && namespace.length <= LONGEST_NAMESPACE) {
    return namespace;
  }
  throw invalid(
    '`namespace`',
    `1 to ${LONGEST_NAMESPACE} letters, digits and \`. _ -\`, in words joined by \`:\``,
    namespace,
    "Write for example 'prod:bots'.",
  );
}

function ttlsOf({ ttlOverrides = {} }: CacheModuleOptions): ReadonlyMap<string, number> {
  refuseUnknown(ttlOverrides, Object.keys(ttlOverrides ?? {}), 'ttlOverrides.');
  const entries = Object.entries(ttlOverrides).map(([name, ttl]): [string, number] => [
    constantCase(name),
    parseDuration(ttl, `\`ttlOverrides['${name}']\``),
  ]);
  return new Map(entries);
}

/**
 * The names of caches that begin disabled, in the form of environment variables.
 *
 * @param option what holds them
 * @throws CacheError `CACHE_INVALID_OPTION` for what can't be the name of a cache
 */
export function disabledOf(names: readonly string[] | undefined = [], option: string): ReadonlySet<string> {
  const rule = 'a list of names of caches';
  const wayOut = 'Leave it out to disable none.';
  if (!Array.isArray(names)) throw invalid(`\`${option}\``, rule, names, wayOut);
  for (const name of names as readonly unknown[]) {
    if (!isCacheName(name)) throw invalid(`\`${option}\``, rule, name, wayOut);
  }
  return new Set(names.map((name) => constantCase(name)));
}

/** Where 0 would mean "for ever" to somebody else. */
function aboveZero(value: unknown, what: string): number {
  const ms = parseDuration(value, what);
  if (ms > 0) return ms;
  throw invalid(what, 'a duration > 0', value, 'Leave it out for the default.');
}

function positive(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw invalid(what, 'an integer > 0', value, 'Leave it out for the default.');
}

function invalid(what: string, rule: string, value: unknown, wayOut: string): CacheError {
  const got = typeof value === 'string' ? `'${value}'` : String(value);
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected ${what} to be ${rule}, got ${got} (${typeof value}). ${wayOut}`,
  );
}
