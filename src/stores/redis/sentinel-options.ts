import {
  addressOf,
  commonOf,
  databaseOf,
  parseUrls,
  passwordOf,
  refuseTlsWithout,
  textOf,
  tlsOf,
  warningsOf,
} from './common-options.js';
import { PasswordSource } from './credentials.js';
import { neverHang } from './never-hang.js';
import type { RedisSentinelOptions, ResolvedSentinel } from './redis-options.js';
import { invalidRedis, type RedisUrl } from './redis-url.js';

const SENTINEL_PORT = 26_379;
/** How long a sentinel may take to answer, milliseconds. No call waits for that. */
const SENTINEL_DEADLINE_MS = 1000;

/** @param what names the option in messages */
export function parseSentinels(given: unknown, what: string): readonly [RedisUrl, ...RedisUrl[]] {
  return parseUrls(given, what, {
    example: "['redis://sentinel-1:26379', 'redis://sentinel-2:26379']",
    databases: 'Sentinels have none; the server’s is given by itself.',
    beside: 'Give the user and the password of the sentinels by themselves, once for all.',
    port: SENTINEL_PORT,
  });
}

export function resolveSentinel(
  given: RedisSentinelOptions,
  namespace: string,
  what: string,
): ResolvedSentinel {
  const [first, ...others] = parseSentinels(given.sentinels, `${what}.sentinels`);
  refuseTlsWithout(first, given.sentinelTls, `${what}.sentinels[0]`, 'sentinelTls');
  const isTls = first.tls || given.tls !== undefined;
  const database = databaseOf(given.database, 0, what);
  const { options, passwords, warnings, ...common } = commonOf(
    given,
    { username: '', password: '', tls: isTls },
    namespace,
    what,
  );
  const username = textOf(given.sentinelUsername, `${what}.sentinelUsername`) ?? first.username;
  const password = passwordOf(given.sentinelPassword, `${what}.sentinelPassword`) ?? first.password;
  const own = typeof password === 'string' ? password : '';
  const sentinelTls = tlsOf(given.sentinelTls, `${what}.sentinelTls`) ?? given.tls ?? {};
  return {
    ...common,
    kind: 'sentinel',
    sentinels: [addressOf(first), ...others.map(addressOf)],
    master: masterOf(given.name, what),
    database,
    tls: isTls,
    warnings: [...warnings, ...warningsOf(given.sentinelTls, `${what}.sentinelTls`)],
    passwords: password instanceof PasswordSource ? { ...passwords, sentinelPassword: password } : passwords,
    options: {
      ...options,
      db: database,
      enableTLSForSentinelMode: isTls,
      sentinelCommandTimeout: SENTINEL_DEADLINE_MS,
      ...(username !== '' && { sentinelUsername: username }),
      ...(own !== '' && { sentinelPassword: own }),
      ...(first.tls && { sentinelTLS: sentinelTls }),
    },
    watchOptions: {
      ...neverHang(namespace, SENTINEL_DEADLINE_MS),
      connectionName: `${namespace}:watch`,
      enableReadyCheck: false,
      autoResubscribe: false,
      ...(username !== '' && { username }),
      ...(own !== '' && { password: own }),
      ...(first.tls && { tls: sentinelTls }),
    },
  };
}

function masterOf(name: unknown, what: string): string {
  if (typeof name === 'string' && /^\S+$/.test(name)) return name;
  throw invalidRedis(
    `${what}.name`,
    'what the sentinels call the master',
    typeof name === 'string' ? `'${name}'` : `a value of type ${typeof name}`,
    "It stands behind `sentinel monitor` in their configuration, for example 'mymaster'.",
  );
}
