import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { refuseUnknown } from '../../known-options.js';
import { neverHang } from './never-hang.js';
import { invalidRedis, parseRedisUrl, type RedisAddress, type RedisUrl } from './redis-url.js';

/** How to reach Redis: one server by its `url`, or a cluster by some of its nodes. */
export type RedisConnectionOptions =
  | (RedisServerOptions & { readonly cluster?: never })
  | (RedisClusterOptions & { readonly url?: never; readonly database?: never });

/** What one server and a cluster have in common. */
export interface RedisCommonOptions {
  /** ACL user. @default the one in the URL, else Redis's `default` user */
  readonly username?: string;
  /** Password of the user. @default the one in the URL, else none */
  readonly password?: string;
  /** TLS details for `rediss://`: CA, client certificate, server name. @default Node's own */
  readonly tls?: ConnectionOptions;
  /**
   * Longest wait for an answer, milliseconds. What takes longer counts as a miss, and the call goes on to its
   * loader. With a cluster it also bounds each question to a node where the slots are, connecting included.
   *
   * @default 100
   */
  readonly deadline?: number;
}

/** How to reach one Redis server. */
export interface RedisServerOptions extends RedisCommonOptions {
  /**
   * `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. What it names is overridden by
   * the fields beside it.
   */
  readonly url: string;
  /** Number of the database. @default the one in the URL, else 0 */
  readonly database?: number;
}

/** How to reach a Redis Cluster. */
export interface RedisClusterOptions extends RedisCommonOptions {
  /**
   * URLs of some of its nodes, at least one: the others are found by asking them. All have the same scheme, user
   * and password; a cluster has no database but 0.
   */
  readonly cluster: readonly string[];
}

/** The options of a connection, checked. */
export type ResolvedRedis = ResolvedServer | ResolvedCluster;

interface ResolvedCommon {
  /** Name of the bus's connection in CLIENT LIST. */
  readonly busName: string;
}

export interface ResolvedServer extends ResolvedCommon {
  readonly address: RedisAddress;
  readonly options: RedisOptions;
}

export interface ResolvedCluster extends ResolvedCommon {
  /** The nodes that were named. */
  readonly nodes: readonly [RedisAddress, ...RedisAddress[]];
  /** For a connection to any one node: all but its address. */
  readonly options: RedisOptions;
}

const KNOWN: readonly (keyof RedisServerOptions | keyof RedisClusterOptions)[] = [
  ...(['url', 'cluster', 'username', 'password', 'database', 'tls', 'deadline'] as const),
];
const DEFAULT_DEADLINE_MS = 100;

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
  if (typeof redis === 'string') return resolveServer({ url: redis }, namespace, what, what);
  refuseUnknown(redis, KNOWN, `${what}.`);
  return redis.cluster === undefined
    ? resolveServer(redis, namespace, what, `${what}.url`)
    : resolveCluster(redis, namespace, what);
}

function resolveServer(
  given: RedisServerOptions,
  namespace: string,
  what: string,
  urlName: string,
): ResolvedServer {
  const url = parseRedisUrl(given.url, urlName);
  const address = { ...addressOf(url), database: databaseOf(given, url, what) };
  return {
    address,
    busName: busNameOf(namespace),
    options: {
      host: address.host,
      port: address.port,
      db: address.database,
      ...optionsOf(given, url, namespace, what, urlName),
    },
  };
}

function resolveCluster(
  given: RedisClusterOptions & Partial<Pick<RedisServerOptions, 'url' | 'database'>>,
  namespace: string,
  what: string,
): ResolvedCluster {
  refuseBesideCluster(given, what);
  const texts: readonly unknown[] = Array.isArray(given.cluster) ? given.cluster : [];
  const [first, ...others] = texts.map((text, i) => parseNode(text, `${what}.cluster[${i}]`));
  if (first === undefined) {
    throw invalidRedis(
      `${what}.cluster`,
      'a list of at least one URL',
      Array.isArray(given.cluster) ? 'an empty one' : `a value of type ${typeof given.cluster}`,
      "Write for example ['redis://node-1:6379', 'redis://node-2:6379'].",
    );
  }
  for (const [i, other] of others.entries()) expectAlike(first, other, `${what}.cluster[${i + 1}]`);
  return {
    nodes: [addressOf(first), ...others.map(addressOf)],
    busName: busNameOf(namespace),
    options: optionsOf(given, first, namespace, what, `${what}.cluster[0]`),
  };
}

/** Types rule these out, but options may come from where there are none. */
function refuseBesideCluster(given: Partial<RedisServerOptions>, what: string): void {
  if (given.url !== undefined) {
    throw invalidRedis(
      `${what}.url`,
      `left out beside \`${what}.cluster\``,
      'both',
      'Keep `url` for one server, or `cluster` for a cluster.',
    );
  }
  if (given.database !== undefined) {
    throw invalidRedis(
      `${what}.database`,
      `left out beside \`${what}.cluster\``,
      String(given.database),
      'A cluster has database 0 only.',
    );
  }
}

function parseNode(text: unknown, what: string): RedisUrl {
  const url = parseRedisUrl(text, what);
  if (url.database === 0) return url;
  throw invalidRedis(what, 'a URL without a database', `/${url.database}`, 'A cluster has database 0 only.');
}

/** What one node wants of its clients, all want: which of them is asked is not for the application to choose. */
function expectAlike(first: RedisUrl, other: RedisUrl, what: string): void {
  const differs = (['tls', 'username', 'password'] as const).find((part) => first[part] !== other[part]);
  if (differs === undefined) return;
  throw invalidRedis(
    what,
    'like the first in scheme, user and password',
    `another ${differs === 'tls' ? 'scheme' : differs}`,
    'Give `username` and `password` beside `cluster`, once for all nodes.',
  );
}

function databaseOf(given: RedisServerOptions, url: RedisUrl, what: string): number {
  if (given.database === undefined) return url.database;
  if (Number.isInteger(given.database) && given.database >= 0) return given.database;
  throw invalidRedis(
    `${what}.database`,
    'an integer >= 0',
    String(given.database),
    'Leave it out for database 0.',
  );
}

function deadlineOf({ deadline = DEFAULT_DEADLINE_MS }: RedisCommonOptions, what: string): number {
  if (Number.isFinite(deadline) && deadline >= 1) return deadline;
  throw invalidRedis(
    `${what}.deadline`,
    'a number of milliseconds >= 1',
    String(deadline),
    `Leave it out for ${DEFAULT_DEADLINE_MS}.`,
  );
}

/** What does not depend on the address. */
function optionsOf(
  given: RedisCommonOptions,
  url: RedisUrl,
  namespace: string,
  what: string,
  urlName: string,
): RedisOptions {
  if (given.tls !== undefined && !url.tls) {
    throw invalidRedis(urlName, 'to begin with rediss:// when `tls` is given', 'redis://…', 'Use rediss://.');
  }
  const username = given.username ?? url.username;
  const password = given.password ?? url.password;
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(url.tls && { tls: given.tls ?? {} }),
    ...neverHang(namespace, deadlineOf(given, what)),
  };
}

function addressOf({ host, port, database, tls }: RedisUrl): RedisAddress {
  return { host, port, database, tls };
}

function busNameOf(namespace: string): string {
  return `${namespace}:bus`;
}
