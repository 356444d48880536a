import { LIFETIME_FIELDS } from '../definition/derive-cache.js';
import type { AnyCachePolicy, CacheDefinition } from '../definition/define-cache.js';
import { parseDuration, parseLifetime, type Duration, type Lifetime } from '../definition/duration.js';
import { CacheError } from '../errors.js';

/** Policy fields that a module can set for all its caches. */
export type PolicyDefaults = Pick<
  AnyCachePolicy,
  | 'jitter'
  | 'nullTtl'
  | 'staleWhileRevalidate'
  | 'staleIfError'
  | 'refreshAhead'
  | 'softTimeout'
  | 'hardTimeout'
  | 'l1'
  | 'isolation'
  | 'compress'
  | 'encrypt'
>;

/** A policy with every default filled in and every duration in milliseconds. */
export interface Policy {
  readonly ttl: number | ((value: unknown, ...args: readonly unknown[]) => Lifetime);
  readonly jitter: number;
  readonly nullTtl: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly refreshAhead: false | number | 'probabilistic';
  readonly softTimeout: number | undefined;
  readonly hardTimeout: number | undefined;
  readonly l1: false | { readonly ttl: number; readonly maxEntries?: number; readonly maxBytes?: number };
  readonly l2: boolean;
  readonly isolation: 'clone' | 'share';
  readonly compress: false | { readonly threshold: number };
  readonly encrypt: boolean;
  readonly version: string;
  readonly revive: ((plain: unknown) => unknown) | undefined;
  readonly tagsOf: ((value: unknown, ...args: readonly unknown[]) => readonly string[]) | undefined;
  readonly enabled: boolean;
}

const DEFAULT_JITTER = 0.1;
/** Longest life of `null` and `undefined`, unless `nullTtl` says otherwise. */
export const DEFAULT_NULL_TTL_MS = 30_000;
const DEFAULT_L1_TTL_MS = 30_000;
const DEFAULT_THRESHOLD_BYTES = 1024;

const KNOWN: ReadonlySet<string> = new Set<keyof AnyCachePolicy>([
  ...LIFETIME_FIELDS,
  'l1',
  'l2',
  'isolation',
  'compress',
  'encrypt',
  'version',
  'revive',
  'tags',
  'tagsOf',
  'enabled',
]);

const KNOWN_L1: ReadonlySet<string> = new Set(['ttl', 'maxEntries', 'maxBytes']);

/**
 * Fills in the defaults of a definition and checks every value.
 *
 * @param ttlOverride milliseconds that replace the definition's ttl, from the environment or the module
 * @param canEncrypt whether there are keys for what is stored in Redis, or nothing is
 * @throws CacheError `CACHE_INVALID_OPTION` naming the option, the cache, the rule and the value
 */
export function resolvePolicy(
  { name, policy }: CacheDefinition,
  defaults: PolicyDefaults,
  ttlOverride: number | undefined,
  canEncrypt = true,
): Policy {
  const named: Named = (option) => `${option}\` of cache \`${name}\``;
  return resolve(policy, defaults, ttlOverride, canEncrypt, named);
}

/**
 * Checks the module's defaults by themselves, so that a wrong one stops the start whether a cache needs it or not.
 *
 * @throws CacheError `CACHE_INVALID_OPTION` naming the option, the rule and the value
 */
export function checkDefaults(defaults: PolicyDefaults, canEncrypt: boolean): void {
  const named: Named = (option) => `${option.startsWith('l1.') ? '' : 'defaults.'}${option}\``;
  resolve({ ttl: 0 }, defaults, undefined, canEncrypt, named);
}

/**
 * Checks fields of a policy that stand by themselves.
 *
 * @param place whose they are, in words
 * @throws CacheError `CACHE_INVALID_OPTION` naming the option, the rule and the value
 */
export function checkFields(fields: Partial<AnyCachePolicy>, place: string): void {
  const { ttl = 0, ...others } = fields;
  resolve({ ...others, ttl }, {}, undefined, true, (option) => `${option}\` of ${place}`);
}

/** The name of an option in a message, and whose it is; a backtick stands before it already. */
type Named = (option: string) => string;

function resolve(
  policy: AnyCachePolicy,
  defaults: PolicyDefaults,
  ttlOverride: number | undefined,
  canEncrypt: boolean,
  named: Named,
): Policy {
  const given = { ...defaults, ...withoutUndefined(policy) };
  for (const option of Object.keys(given)) {
    if (!KNOWN.has(option)) {
      throw invalid(named(option), `one of ${[...KNOWN].join(', ')}`, option, 'Check the spelling.');
    }
  }
  const { ttl } = given;
  functionOr(given.tags, named('tags'), '(botId) => [tag`bot:${botId}`]');
  return {
    ttl:
      ttlOverride ??
      (typeof ttl === 'function' ? (ttl as Policy['ttl'] & object) : parseLifetime(ttl, `\`${named('ttl')}`)),
    jitter: share(given.jitter ?? DEFAULT_JITTER, named('jitter')),
    nullTtl: optional(given.nullTtl, `\`${named('nullTtl')}`),
    staleWhileRevalidate: parseDuration(
      given.staleWhileRevalidate ?? 0,
      `\`${named('staleWhileRevalidate')}`,
    ),
    staleIfError: parseDuration(given.staleIfError ?? 0, `\`${named('staleIfError')}`),
    refreshAhead: ahead(given.refreshAhead ?? false, named('refreshAhead')),
    softTimeout: optional(given.softTimeout, `\`${named('softTimeout')}`),
    hardTimeout: aboveZero(given.hardTimeout, named('hardTimeout')),
    l1: resolveL1(given, defaults, named),
    l2: flag(given.l2 ?? true, named('l2'), true),
    isolation: oneOf(given.isolation ?? 'clone', ['clone', 'share'], named('isolation')),
    compress: resolveCompress(given, defaults, named),
    encrypt: resolveEncrypt(given, canEncrypt, named),
    version: String(given.version ?? ''),
    revive: resolveRevive(given, named),
    tagsOf: functionOr(given.tagsOf, named('tagsOf'), '(bot) => [tag`org:${bot.orgId}`]') as Policy['tagsOf'],
    enabled: flag(given.enabled ?? true, named('enabled'), true),
  };
}

function resolveL1(given: AnyCachePolicy, defaults: PolicyDefaults, named: Named): Policy['l1'] {
  if (given.l1 === false) {
    if (given.l2 === false) {
      throw invalid(
        named('l1'),
        'on when `l2` is off',
        false,
        'Leave one of the two out. To store nothing at all, use `disabled` of CacheModule, or `enabled: false` of ' +
          'defineCache or @Cacheable.',
      );
    }
    return false;
  }
  for (const option of Object.keys(given.l1 ?? {})) {
    if (!KNOWN_L1.has(option))
      throw invalid(
        named(`l1.${option}`),
        `one of ${[...KNOWN_L1].join(', ')}`,
        option,
        'Check the spelling.',
      );
  }
  const l1 = { ...(defaults.l1 === false ? undefined : defaults.l1), ...given.l1 };
  return {
    ttl: l1.ttl === undefined ? DEFAULT_L1_TTL_MS : parseDuration(l1.ttl, `\`${named('l1.ttl')}`),
    ...(l1.maxEntries !== undefined && { maxEntries: entryCount(l1.maxEntries, named('l1.maxEntries')) }),
    ...(l1.maxBytes !== undefined && { maxBytes: count(l1.maxBytes, named('l1.maxBytes')) }),
  };
}

function resolveCompress(given: AnyCachePolicy, defaults: PolicyDefaults, named: Named): Policy['compress'] {
  const { compress = false } = given;
  if (compress === false) return false;
  if (compress !== true && (typeof compress !== 'object' || compress === null)) {
    throw invalid(named('compress'), 'true, false or { threshold }', compress, 'Leave it out for false.');
  }
  const unknown = Object.keys(compress).find((option) => option !== 'threshold');
  if (unknown !== undefined) {
    throw invalid(named(`compress.${unknown}`), '`threshold`', unknown, 'Check the spelling.');
  }
  const [own, common] = [compress, defaults.compress].map((value) => Object(value) as { threshold?: number });
  const threshold = own?.threshold ?? common?.threshold ?? DEFAULT_THRESHOLD_BYTES;
  return { threshold: count(threshold, named('compress.threshold')) };
}

function resolveEncrypt({ encrypt = false, l2 }: AnyCachePolicy, canEncrypt: boolean, named: Named): boolean {
  if (!flag(encrypt, named('encrypt'), false) || canEncrypt || l2 === false) return encrypt;
  throw invalid(
    named('encrypt'),
    'false while CacheModule has no keys',
    encrypt,
    'Set `encryption.keys` of CacheModule, or the variable CACHE_ENCRYPTION_KEYS.',
  );
}

function resolveRevive({ revive }: { readonly revive?: unknown }, named: Named): Policy['revive'] {
  return functionOr(
    revive,
    named('revive'),
    '(plain) => Object.assign(new Bot(), plain)',
  ) as Policy['revive'];
}

function functionOr(given: unknown, what: string, example: string): unknown {
  if (given === undefined || typeof given === 'function') return given;
  throw invalid(what, 'a function', given, `Write for example ${example}.`);
}

function optional(value: Duration | undefined, what: string): number | undefined {
  return value === undefined ? undefined : parseDuration(value, what);
}

function aboveZero(value: Duration | undefined, what: string): number | undefined {
  const ms = optional(value, `\`${what}`);
  if (ms !== 0) return ms;
  throw invalid(what, 'a duration > 0', value, 'Leave it out to wait for each load.');
}

function ahead(value: unknown, what: string): Policy['refreshAhead'] {
  if (value === false || value === 'probabilistic') return value;
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw invalid(
    what,
    "false, 'probabilistic' or a number between 0 and 1",
    value,
    'Use 0.8 for the last fifth of the ttl.',
  );
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

/** Room for all of them is taken at once: far more than a process can hold would end it. */
const MOST_ENTRIES = 10_000_000;

/**
 * Checks a number of entries. `what` names the option; a backtick stands before it already.
 *
 * @throws CacheError `CACHE_INVALID_OPTION`
 */
export function entryCount(value: unknown, what: string): number {
  const entries = count(value, what);
  if (entries <= MOST_ENTRIES) return entries;
  throw invalid(what, `at most ${MOST_ENTRIES}`, value, 'Leave it out for the default.');
}

function count(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw invalid(what, 'an integer > 0', value, 'Leave it out for the default.');
}

function flag(value: unknown, what: string, byDefault: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(what, 'true or false', value, `Leave it out for ${byDefault}.`);
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
