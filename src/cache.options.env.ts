import type { CacheModuleOptions, L1Options } from './cache.options.js';
import { KeyRing, type EncryptionKey } from './codec/key-ring.js';
import type { Duration } from './definition/duration.js';
import { CacheError } from './errors.js';
import { disabledOf, resolveOptions } from './cache.options.resolved.js';
import type { RedisConnectionOptions } from './stores/redis/redis-options.js';
import { parseCluster } from './stores/redis/cluster-options.js';
import { resolveRedis } from './stores/redis/resolve-redis.js';
import { parseSentinels } from './stores/redis/sentinel-options.js';

type Environment = Readonly<Record<string, string | undefined>>;

const TTL_PREFIX = 'CACHE_TTL_';

/**
 * Reads the module's options from environment variables, and checks each of them.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `CACHE_NAMESPACE` | prefix of everything in Redis | `fallback.namespace` |
 * | `REDIS_URL` | where Redis is; empty: in memory | in memory |
 * | `REDIS_CLUSTER` | URLs of some nodes of a cluster joined by `,`, in place of `REDIS_URL` | none |
 * | `REDIS_SENTINELS` | URLs of sentinels joined by `,`, in place of `REDIS_URL` | none |
 * | `REDIS_SENTINEL_NAME` | what the sentinels call the master | required beside them |
 * | `REDIS_SENTINEL_USERNAME`, `REDIS_SENTINEL_PASSWORD` | the sentinels' own, override their URLs' | their URLs' |
 * | `REDIS_USERNAME`, `REDIS_PASSWORD` | the server's, override the URL's | the URL's |
 * | `REDIS_DB` | number of the database, overrides the URL's; a cluster has none | the URL's, else 0 |
 * | `CACHE_TTL_<CACHE_NAME>` | **seconds**, in place of the definition's ttl: `CACHE_TTL_BOT_DETAILS=60` | the definition's |
 * | `CACHE_DISABLED` | names of caches that begin disabled, joined by `,`: `bot-list,bot-stats` | `fallback.disabled` |
 * | `CACHE_L1_MAX_ENTRIES` | most entries in memory | 10000 |
 * | `CACHE_L1_MAX_BYTES` | most bytes in memory | 67108864 |
 * | `CACHE_ENCRYPTION_KEYS` | `id:key,id:key`, each key 32 bytes in base64 or hex; the first one encrypts | none |
 *
 * An empty variable counts as one that is not set.
 *
 * @param env the variables
 * @param fallback options for what the variables leave open
 * @throws CacheError `CACHE_INVALID_OPTION` naming variable, rule and value, never a password or a key
 */
export function cacheOptionsFromEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
  fallback: Partial<CacheModuleOptions> = {},
): CacheModuleOptions {
  const l1: L1Options = {
    ...fallback.l1,
    ...withInteger(env, 'CACHE_L1_MAX_ENTRIES', 'maxEntries', 1),
    ...withInteger(env, 'CACHE_L1_MAX_BYTES', 'maxBytes', 1),
  };
  const redis = redisFrom(env) ?? fallback.redis;
  const keys = keysFrom(env);
  const disabled = disabledFrom(env);
  const namespace = textOf(env, 'CACHE_NAMESPACE') ?? fallback.namespace;
  if (namespace === undefined)
    throw invalid('CACHE_NAMESPACE', 'set', 'nothing', "Set it to for example 'prod:bots'.");
  const options: CacheModuleOptions = {
    ...fallback,
    namespace,
    l1,
    ttlOverrides: { ...fallback.ttlOverrides, ...ttlsFrom(env) },
    ...(disabled !== undefined && { disabled }),
    ...(redis !== undefined && { redis }),
    ...(keys !== undefined && { encryption: { keys } }),
  };
  checkNamespace(options, env);
  return options;
}

/** Variables that say where Redis is: one of them may. */
const PLACES = ['REDIS_SENTINELS', 'REDIS_CLUSTER', 'REDIS_URL'] as const;

function redisFrom(env: Environment): RedisConnectionOptions | undefined {
  const [place, other] = PLACES.filter((name) => textOf(env, name) !== undefined);
  if (place !== undefined && other !== undefined) {
    throw invalid(other, `left out beside \`${place}\``, 'both', 'Set one of the two.');
  }
  if (place === 'REDIS_SENTINELS') return sentinelsFrom(env);
  refuseWithout(env, 'REDIS_SENTINELS', [
    ...(['REDIS_SENTINEL_NAME', 'REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'] as const),
  ]);
  if (place === 'REDIS_CLUSTER') return clusterFrom(env);
  const url = textOf(env, 'REDIS_URL');
  if (url === undefined) {
    refuseWithout(env, 'REDIS_URL', ['REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_DB']);
    return undefined;
  }
  // Checked here, where the variable that is wrong can be named.
  resolveRedis(url, 'env', 'REDIS_URL');
  return { url, ...serverFrom(env) };
}

function clusterFrom(env: Environment): RedisConnectionOptions {
  const cluster = urlsOf(env, 'REDIS_CLUSTER');
  parseCluster(cluster, 'REDIS_CLUSTER');
  if (textOf(env, 'REDIS_DB') !== undefined) {
    throw invalid('REDIS_DB', 'left out beside `REDIS_CLUSTER`', 'both', 'A cluster has database 0 only.');
  }
  return { cluster, ...userFrom(env) };
}

function sentinelsFrom(env: Environment): RedisConnectionOptions {
  const sentinels = urlsOf(env, 'REDIS_SENTINELS');
  const name = textOf(env, 'REDIS_SENTINEL_NAME');
  if (name === undefined) {
    throw invalid(
      'REDIS_SENTINEL_NAME',
      'set when `REDIS_SENTINELS` is',
      'nothing',
      "Set it to what the sentinels call the master, for example 'mymaster'.",
    );
  }
  const username = textOf(env, 'REDIS_SENTINEL_USERNAME');
  const password = textOf(env, 'REDIS_SENTINEL_PASSWORD');
  parseSentinels(sentinels, 'REDIS_SENTINELS');
  return {
    sentinels,
    name,
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...serverFrom(env),
  };
}

/** What is about the server itself, however it is found. */
function serverFrom(env: Environment) {
  return { ...userFrom(env), ...withInteger(env, 'REDIS_DB', 'database', 0) };
}

function userFrom(env: Environment) {
  const username = textOf(env, 'REDIS_USERNAME');
  const password = textOf(env, 'REDIS_PASSWORD');
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

/** Variables that go with another one would do nothing without it. */
function refuseWithout(env: Environment, needed: string, names: readonly string[]): void {
  const beside = names.find((name) => textOf(env, name) !== undefined);
  if (beside === undefined) return;
  throw invalid(
    needed,
    `set when \`${beside}\` is`,
    'nothing',
    needed === 'REDIS_URL'
      ? `Set it, or leave \`${beside}\` out to cache in memory.`
      : `Set it, or leave \`${beside}\` out.`,
  );
}

function keysFrom(env: Environment): readonly EncryptionKey[] | undefined {
  const variable = 'CACHE_ENCRYPTION_KEYS';
  const text = textOf(env, variable);
  if (text === undefined) return undefined;
  const keys = text.split(',').map((item): EncryptionKey => {
    const [id = '', key = '', ...rest] = item.split(':').map((part) => part.trim());
    if (key !== '' && rest.length === 0) return { id, key };
    // Not shown: it may be a key.
    throw invalid(
      variable,
      'id:key, or several of these joined by `,`',
      'something else',
      'Write for example 2025-06: and behind it what `openssl rand -base64 32` prints.',
    );
  });
  KeyRing.of(keys, variable);
  return keys;
}

function ttlsFrom(env: Environment): Record<string, Duration> {
  const ttls: Record<string, Duration> = {};
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(TTL_PREFIX)) continue;
    const text = textOf(env, variable);
    if (text === undefined) continue;
    if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) {
      throw invalid(variable, 'a number of seconds >= 0', `'${text}'`, 'Write 300 for five minutes.');
    }
    ttls[variable.slice(TTL_PREFIX.length)] = Number(text) * 1000;
  }
  return ttls;
}

function disabledFrom(env: Environment): readonly string[] | undefined {
  const variable = 'CACHE_DISABLED';
  const text = textOf(env, variable);
  if (text === undefined) return undefined;
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) return undefined;
  // Checked here, where the variable that is wrong can be named.
  disabledOf(names, variable);
  return names;
}

function withInteger<Name extends string>(
  env: Environment,
  variable: string,
  name: Name,
  least: number,
): { readonly [N in Name]?: number } {
  const text = textOf(env, variable);
  if (text === undefined) return {};
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw invalid(variable, `an integer >= ${least}`, `'${text}'`, 'Leave it out for the default.');
  }
  return { [name]: value } as { [N in Name]: number };
}

function urlsOf(env: Environment, variable: string): string[] {
  return (textOf(env, variable) ?? '').split(',').map((url) => url.trim());
}

function textOf(env: Environment, variable: string): string | undefined {
  const text = env[variable]?.trim();
  return text === undefined || text === '' ? undefined : text;
}

function checkNamespace(options: CacheModuleOptions, env: Environment): void {
  try {
    resolveOptions({ namespace: options.namespace });
  } catch (error) {
    if (!(error instanceof CacheError) || textOf(env, 'CACHE_NAMESPACE') === undefined) throw error;
    throw new CacheError(error.code, error.message.replace('`namespace`', '`CACHE_NAMESPACE`'), {
      cause: error,
    });
  }
}

function invalid(variable: string, rule: string, got: string, wayOut: string): CacheError {
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected \`${variable}\` to be ${rule}, got ${got}. ${wayOut}`,
  );
}
