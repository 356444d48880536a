import type { AnyCachePolicy, CacheDefinition } from '../definition/define-cache.js';
import { parseDuration, parseLifetime, type Lifetime } from '../definition/duration.js';
import { CacheError } from '../errors.js';

/** Policy fields that a module can set for all its caches. */
export type PolicyDefaults = Pick<
  AnyCachePolicy,
  'jitter' | 'nullTtl' | 'staleWhileRevalidate' | 'staleIfError' | 'l1' | 'isolation'
>;

/** A policy with every default filled in and every duration in milliseconds. */
export interface Policy {
  readonly ttl: number | ((value: unknown, ...args: readonly unknown[]) => Lifetime);
  readonly jitter: number;
  readonly nullTtl: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly l1: false | { readonly ttl: number; readonly maxEntries?: number; readonly maxBytes?: number };
  readonly l2: boolean;
  readonly isolation: 'clone' | 'share';
  readonly version: string;
  readonly enabled: boolean;
}

const DEFAULT_JITTER = 0.1;
const DEFAULT_NULL_TTL_MS = 30_000;
const DEFAULT_L1_TTL_MS = 30_000;

const KNOWN: ReadonlySet<string> = new Set<keyof AnyCachePolicy>([
  'ttl',
  'jitter',
  'nullTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'l1',
  'l2',
  'isolation',
  'version',
  'tags',
  'enabled',
]);

/**
 * Fills in the defaults of a definition and checks every value.
 *
 * @param ttlOverride milliseconds that replace the definition's ttl, from the environment or the module
 * @throws CacheError `CACHE_INVALID_OPTION` naming the option, the cache, the rule and the value
 */
export function resolvePolicy(
  { name, policy }: CacheDefinition,
  defaults: PolicyDefaults,
  ttlOverride: number | undefined,
): Policy {
  const of = `of cache \`${name}\``;
  const given = { ...defaults, ...withoutUndefined(policy) };
  for (const option of Object.keys(given)) {
    if (!KNOWN.has(option)) {
      throw invalid(`${option}\` ${of}`, `one of ${[...KNOWN].join(', ')}`, option, 'Check the spelling.');
    }
  }
  const { ttl } = given;
  return {
    ttl:
      ttlOverride ??
      (typeof ttl === 'function' ? (ttl as Policy['ttl'] & object) : parseLifetime(ttl, `\`ttl\` ${of}`)),
    jitter: share(given.jitter ?? DEFAULT_JITTER, `jitter\` ${of}`),
    nullTtl: given.nullTtl === undefined ? undefined : parseDuration(given.nullTtl, `\`nullTtl\` ${of}`),
    staleWhileRevalidate: parseDuration(given.staleWhileRevalidate ?? 0, `\`staleWhileRevalidate\` ${of}`),
    staleIfError: parseDuration(given.staleIfError ?? 0, `\`staleIfError\` ${of}`),
    l1: resolveL1(given, defaults, of),
    l2: flag(given.l2 ?? true, `l2\` ${of}`),
    isolation: oneOf(given.isolation ?? 'clone', ['clone', 'share'], `isolation\` ${of}`),
    version: String(given.version ?? ''),
    enabled: flag(given.enabled ?? true, `enabled\` ${of}`),
  };
}

function resolveL1(given: AnyCachePolicy, defaults: PolicyDefaults, of: string): Policy['l1'] {
  if (given.l1 === false) {
    if (given.l2 === false) {
      throw invalid(
        `l1\` ${of}`,
        'on when `l2` is off',
        'false',
        'To store nothing at all, set `enabled: false`.',
      );
    }
    return false;
  }
  const l1 = { ...(defaults.l1 === false ? undefined : defaults.l1), ...given.l1 };
  return {
    ttl: l1.ttl === undefined ? DEFAULT_L1_TTL_MS : parseDuration(l1.ttl, `\`l1.ttl\` ${of}`),
    ...(l1.maxEntries !== undefined && { maxEntries: count(l1.maxEntries, `l1.maxEntries\` ${of}`) }),
    ...(l1.maxBytes !== undefined && { maxBytes: count(l1.maxBytes, `l1.maxBytes\` ${of}`) }),
  };
}

/**
 * How long a value is to be fresh, in milliseconds, jitter included; 0 when it is not to be stored.
 *
 * @param ttl replaces the policy's ttl for this one value
 * @throws CacheError `CACHE_INVALID_OPTION` when a ttl function returns something that is no duration
 */
export function freshFor(
  policy: Policy,
  name: string,
  value: unknown,
  args: readonly unknown[],
  ttl: Lifetime | undefined,
): number {
  const base = ttl === undefined ? policy.ttl : lifetimeOf(ttl, name);
  let ms: number;
  if (base === 0) {
    ms = 0;
  } else if (value === null || value === undefined) {
    ms = policy.nullTtl ?? Math.min(typeof base === 'number' ? base : Infinity, DEFAULT_NULL_TTL_MS);
  } else {
    ms = typeof base === 'number' ? base : lifetimeOf(base(value, ...args), name);
  }
  if (!(ms > 0)) return 0;
  return ms === Infinity ? ms : ms * (1 - policy.jitter * Math.random());
}

/** A negative number is what a token that has already ended asks for: not an error, just not worth storing. */
function lifetimeOf(ttl: Lifetime, name: string): number {
  if (typeof ttl === 'number' && ttl <= 0) return 0;
  return parseLifetime(ttl, `\`ttl\` of cache \`${name}\``);
}

function withoutUndefined(policy: AnyCachePolicy): AnyCachePolicy {
  return Object.fromEntries(
    Object.entries(policy).filter(([, value]) => value !== undefined),
  ) as typeof policy;
}

function share(value: unknown, what: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid(
    what,
    'a number from 0 to 1',
    value,
    'Use 0.1 to take up to a tenth off each ttl, 0 for none.',
  );
}

function count(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw invalid(what, 'an integer > 0', value, 'Leave it out for the default.');
}

function flag(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(what, 'true or false', value, 'Leave it out for true.');
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], what: string): T {
  if (allowed.includes(value as T)) return value as T;
  throw invalid(
    what,
    allowed.map((text) => `'${text}'`).join(' or '),
    value,
    `Leave it out for '${allowed[0]}'.`,
  );
}

function invalid(what: string, rule: string, value: unknown, wayOut: string): CacheError {
  const got = typeof value === 'string' ? `'${value}'` : String(value);
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected \`${what} to be ${rule}, got ${got} (${typeof value}). ${wayOut}`,
  );
}
