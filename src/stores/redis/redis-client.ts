import type { Redis } from 'ioredis';

/** The part of an ioredis client that the library uses. */
export type RedisClient = Redis;
