import { CACHE_MANAGER, CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache } from 'cache-manager';
import { Redis, type RedisOptions } from 'ioredis';
import {
  cacheManagerOptions,
  type CacheManagerBridgeOptions,
} from '../../../src/bridge/cache-manager.bridge.js';
import type { BridgeOperation, BridgeRedisClient } from '../../../src/bridge/guarded-client.js';

/** The options of the module's own connection, with deadlines that a busy machine keeps. */
export const connectionOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: 10_000,
  connectTimeout: 1000,
  socketTimeout: 10_000,
  disconnectTimeout: 300,
  retryStrategy: () => 50,
} satisfies RedisOptions;

/** A client with {@link connectionOptions}, connected unless its server is down. */
export async function connect(url: string, options: RedisOptions = {}): Promise<Redis> {
  const client = new Redis(url, { ...connectionOptions, ...options });
  client.on('error', () => undefined);
  await client.connect().catch(() => undefined);
  return client;
}

/** Resolves at the client's next event of that name. (`once` of node:events rejects at an `error` before it.) */
export function next(client: Redis, event: 'ready' | 'close' | 'end'): Promise<void> {
  return new Promise((resolve) => client.once(event, () => resolve()));
}

/** A `CACHE_MANAGER` built by `@nestjs/cache-manager`, and what its bridge reported. */
export interface Bridge {
  readonly cache: Cache;
  readonly errors: { readonly operation: BridgeOperation; readonly error: unknown }[];
  readonly app: TestingModule;
}

const defaults = {
  namespace: 'prod:bots',
  ttl: 300_000,
  memory: { maxEntries: 1000, maxBytes: 10_000_000 },
} as const;

/** Boots a Nest application whose `CACHE_MANAGER` is the bridge on this client, or in memory. */
export async function createBridge(
  client: BridgeRedisClient | undefined,
  options: Partial<CacheManagerBridgeOptions> = {},
): Promise<Bridge> {
  const errors: Bridge['errors'] = [];
  const onError = (operation: BridgeOperation, error: unknown): void => {
    errors.push({ operation, error });
  };
  const app = await Test.createTestingModule({
    imports: [
      NestCacheModule.registerAsync({
        useFactory: () => cacheManagerOptions(client, { ...defaults, onError, ...options }),
      }),
    ],
  }).compile();
  await app.init();
  return { app, errors, cache: app.get<Cache>(CACHE_MANAGER) };
}

/** Every key of the database, sorted. */
export async function allKeys(client: Redis): Promise<string[]> {
  const keys = new Set<string>();
  for await (const batch of client.scanStream()) for (const key of batch as string[]) keys.add(key);
  return [...keys].sort();
}
