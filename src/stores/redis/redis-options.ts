import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions as IoredisOptions } from 'ioredis';
import { CacheError } from '../../errors.js';
import { refuseUnknown } from '../../known-options.js';

/** How to reach Redis. */
export interface RedisConnectionOptions {
  /**
   * `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. What it names is overridden by
   * the fields beside it.
   */
  readonly url: string;
  /** ACL user. @default the one in the URL, else Redis's `default` user */
  readonly username?: string;
  /** Password of the user. @default the one in the URL, else none */
  readonly password?: string;
  /** Number of the database. @default the one in the URL, else 0 */
  readonly database?: number;
  /** TLS details for `rediss://`: CA, client certificate, server name. @default Node's own */
  readonly tls?: ConnectionOptions;
  /**
   * Longest wait for an answer, milliseconds. What takes longer counts as a miss, and the call goes on to its
   * loader.
   *
   * @default 100
   */
  readonly deadline?: number;
}

/** The address of a Redis, safe to print: host, port and database, no user, no password. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
}

export interface ResolvedRedis {
  readonly address: RedisAddress;
  readonly options: IoredisOptions;
}

const KNOWN: readonly (keyof RedisConnectionOptions)[] = [
  ...(['url', 'username', 'password', 'database', 'tls', 'deadline'] as const),
];
const DEFAULT_DEADLINE_MS = 100;
const CONNECT_TIMEOUT_MS = 1000;
const IDLE_SOCKET_TIMEOUT_MS = 300;

/**
 * Checks the options and turns them into those of ioredis that never hang.
 *
 * @param what names the option in messages, such as `redis` or `REDIS_URL`
 * @throws CacheError `CACHE_INVALID_OPTION`; the message never holds a user or a password
 */
export function resolveRedis(
  redis: string | RedisConnectionOptions,
  namespace: string,
  what = 'redis',
): ResolvedRedis {
  const given: RedisConnectionOptions = typeof redis === 'string' ? { url: redis } : redis;
  refuseUnknown(given, KNOWN, `${what}.`);
  const url = parseUrl(given.url, typeof redis === 'string' ? what : `${what}.url`);
  const tls = url.protocol === 'rediss:';
  if (given.tls !== undefined && !tls) {
    throw invalid(
      `${what}.url`,
      'to begin with rediss:// when `tls` is given',
      `${url.protocol}//…`,
      'Use rediss://.',
    );
  }
  const address: RedisAddress = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    database: databaseOf(given, url, what),
    tls,
  };
  return {
    address,
    options: {
      host: address.host,
      port: address.port,
      db: address.database,
      ...credentialsOf(given, url, what),
      ...(tls && { tls: given.tls ?? {} }),
      ...neverHang(namespace, deadlineOf(given, what)),
    },
  };
}

function databaseOf(given: RedisConnectionOptions, url: URL, what: string): number {
  if (given.database === undefined) return databaseIn(url, what);
  if (Number.isInteger(given.database) && given.database >= 0) return given.database;
  throw invalid(
    `${what}.database`,
    'an integer >= 0',
    String(given.database),
    'Leave it out for database 0.',
  );
}

function deadlineOf({ deadline = DEFAULT_DEADLINE_MS }: RedisConnectionOptions, what: string): number {
  if (Number.isFinite(deadline) && deadline >= 1) return deadline;
  throw invalid(
    `${what}.deadline`,
    'a number of milliseconds >= 1',
    String(deadline),
    `Leave it out for ${DEFAULT_DEADLINE_MS}.`,
  );
}

function credentialsOf(
  given: RedisConnectionOptions,
  url: URL,
  what: string,
): Pick<IoredisOptions, 'username' | 'password'> {
  const username = given.username ?? decoded(url.username, what);
  const password = given.password ?? decoded(url.password, what);
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

/** Each value has its measured reason: without any one of them some fault makes commands wait, or rise from the dead. */
function neverHang(namespace: string, deadline: number): IoredisOptions {
  return {
    // The caller decides when to connect, and sees the first failure.
    lazyConnect: true,
    // A command either goes out now or fails now. Queued or resent, a timed-out SET would overwrite a fresher value.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Bounds one command; the handshake, too, which connectTimeout does not cover.
    commandTimeout: deadline,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Bounds what piles up unwritten while Redis hangs: the socket is closed, and commands fail at once.
    socketTimeout: IDLE_SOCKET_TIMEOUT_MS,
    disconnectTimeout: IDLE_SOCKET_TIMEOUT_MS,
    keepAlive: 10_000,
    noDelay: true,
    enableReadyCheck: true,
    connectionName: `${namespace}:cache`,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.random() * 50,
    // A master that became a replica: reconnect once (true); 2 would resend and loop.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function parseUrl(text: string, what: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Told below, with the rule.
  }
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    throw invalid(
      what,
      'a URL such as redis://localhost:6379 or rediss://user:password@host:6380/0',
      withoutCredentials(text),
      'Leave it out to cache in memory.',
    );
  }
  return url;
}

function databaseIn(url: URL, what: string): number {
  const path = url.pathname.replace(/^\//, '');
  if (path === '') return 0;
  if (!/^\d{1,9}$/.test(path)) {
    throw invalid(
      what,
      'a URL whose path is a database number, such as /0',
      `/${path}`,
      'Leave the path out for 0.',
    );
  }
  return Number(path);
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(
      what,
      'a URL whose user and password are percent-encoded',
      'one that is not',
      'Encode them with encodeURIComponent, or give them as separate options.',
    );
  }
}

function withoutCredentials(text: unknown): string {
  if (typeof text !== 'string') return `a value of type ${typeof text}`;
  if (text === '') return "''";
  return text.includes('@') ? `'…@${text.slice(text.lastIndexOf('@') + 1)}'` : `'${text}'`;
}

function invalid(what: string, rule: string, got: string, wayOut: string): CacheError {
  return new CacheError('CACHE_INVALID_OPTION', `Expected \`${what}\` to be ${rule}, got ${got}. ${wayOut}`);
}
