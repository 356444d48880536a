import type { Cluster, Redis } from 'ioredis';

/** A client of ioredis: of one Redis, or of a cluster. */
export type RedisClient = Redis | Cluster;

/** A client of one Redis: the only one, or a node of a cluster. */
export type RedisNode = Redis;
