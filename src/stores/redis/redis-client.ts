import type { Cluster, Redis } from 'ioredis';

/** A client of ioredis: of one Redis, or of a cluster. */
export type RedisClient = Redis | Cluster;

/** A client of one Redis: the only one, or a node of a cluster. */
export type RedisNode = Redis;

/**
 * A client of the application's: a `Redis` or a `Cluster` of ioredis 5 or 6. By its looks, because it may come from
 * another copy of ioredis.
 */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster: boolean;
  readonly options: object;
  connect(): Promise<void>;
  // Whatever parameters a version has: the types of one are not those of the other.
  duplicate(...args: never[]): unknown;
  getBuffer(key: string): Promise<Buffer | null>;
  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** By its looks: the client may come from another copy of ioredis. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster && 'nodes' in client;
}
