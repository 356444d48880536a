import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { PasswordSources, RedisPassword } from './credentials.js';
import type { IoredisClient, RedisClient } from './redis-client.js';
import type { RedisAddress } from './redis-url.js';

/**
 * How to reach Redis: one server by its `url`, a cluster by some of its nodes, the master that `sentinels` know, or the
 * application's own `client`.
 */
export type RedisConnectionOptions =
  | Only<RedisServerOptions>
  | Only<RedisClusterOptions>
  | Only<RedisSentinelOptions>
  | Only<RedisClientOptions>;

/** The names of all options. */
export type RedisOptionName =
  | keyof RedisServerOptions
  | keyof RedisClusterOptions
  | keyof RedisSentinelOptions
  | keyof RedisClientOptions;

/** These options, and none of the others. */
type Only<Options> = Options & { readonly [Name in Exclude<RedisOptionName, keyof Options>]?: never };

/** What one server, a cluster and a master known to sentinels have in common. */
export interface RedisCommonOptions {
  /** ACL user. @default the one in the URL, else Redis's `default` user */
  readonly username?: string;
  /**
   * Password of the user. A function is asked before each attempt to connect, at the start and later: for passwords
   * that are rotated. When it rejects, the attempt has failed, and is made again with backoff.
   *
   * @default the one in the URL, else none
   */
  readonly password?: RedisPassword;
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

/**
 * How to reach the Redis server that sentinels know as master. `username`, `password` and `tls` are for that server;
 * `tls` there turns TLS on, whether the sentinels have it or not.
 */
export interface RedisSentinelOptions extends RedisCommonOptions {
  /**
   * URLs of the sentinels, at least one: `redis://[[user]:password@]host[:port]`, port 26379 if it is left out. User
   * and password are those of the sentinels, the same for all. `rediss://` means TLS, to the server as well.
   */
  readonly sentinels: readonly string[];
  /** What the sentinels call the master, such as `mymaster`. */
  readonly name: string;
  /** Number of the database. @default 0 */
  readonly database?: number;
  /** ACL user of the sentinels. @default the one in their URLs, else the `default` user */
  readonly sentinelUsername?: string;
  /** Password of the sentinels, or a function as for `password`. @default the one in their URLs, else none */
  readonly sentinelPassword?: RedisPassword;
  /** TLS details for sentinels by `rediss://`. @default `tls` */
  readonly sentinelTls?: ConnectionOptions;
}

/** A client that belongs to the application. */
export interface RedisClientOptions {
  /**
   * A `Redis` or a `Cluster` of ioredis 5 or 6, connected or not. It is used for all commands, and never closed or
   * reconfigured; the subscription gets a connection of its own, made with the same options.
   */
  readonly client: IoredisClient;
  /** Longest wait for an answer, milliseconds. @default 100 */
  readonly deadline?: number;
}

/** The options of a connection, checked. */
export type ResolvedRedis = ResolvedServer | ResolvedCluster | ResolvedSentinel | ResolvedClient;

interface ResolvedCommon {
  /** Name of the bus's connection in CLIENT LIST. */
  readonly busName: string;
  /** Longest wait for an answer, milliseconds. */
  readonly deadline: number;
  /** What people should know at start, each a sentence. */
  readonly warnings: readonly string[];
}

/** What belongs to connections that are made here. */
export interface ResolvedConnecting extends ResolvedCommon {
  /** For any connection: all but its address, and the passwords that are asked for. */
  readonly options: RedisOptions;
  readonly passwords: PasswordSources;
}

export interface ResolvedServer extends ResolvedConnecting {
  readonly kind: 'server';
  readonly address: RedisAddress;
}

export interface ResolvedCluster extends ResolvedConnecting {
  readonly kind: 'cluster';
  /** The nodes that were named. */
  readonly nodes: readonly [RedisAddress, ...RedisAddress[]];
}

export interface ResolvedSentinel extends ResolvedConnecting {
  readonly kind: 'sentinel';
  readonly sentinels: readonly [RedisAddress, ...RedisAddress[]];
  /** What the sentinels call it. */
  readonly master: string;
  readonly database: number;
  /** Whether the master is reached by TLS. */
  readonly tls: boolean;
  /** For a connection to a sentinel: all but its address. */
  readonly watchOptions: RedisOptions;
}

export interface ResolvedClient extends ResolvedCommon {
  readonly kind: 'client';
  readonly client: RedisClient;
  /** What the subscription's connection has in place of the client's options. */
  readonly subscriberOptions: RedisOptions;
}
