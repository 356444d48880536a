import { startRedisServer, type RedisServer } from '../../../../test/support/redis-server.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { Sample, type AdapterName, type SampleOptions } from './sample.js';

/** Every way to run the sample: HTTP server × where the cache is. */
export const VARIANTS = [
  { adapter: 'Express', store: 'memory' },
  { adapter: 'Express', store: 'Redis' },
  { adapter: 'Fastify', store: 'memory' },
  { adapter: 'Fastify', store: 'Redis' },
] as const satisfies readonly { adapter: AdapterName; store: 'memory' | 'Redis' }[];

type Variant = (typeof VARIANTS)[number];

export const MEMORY_VARIANTS = VARIANTS.filter(({ store }) => store === 'memory');
export const REDIS_VARIANTS = VARIANTS.filter(({ store }) => store === 'Redis');

/** A sample, with a Redis of its own where the variant has one. */
export async function startVariant(
  { adapter, store }: Variant,
  database: DatabaseConnection,
  options: Pick<SampleOptions, 'redisDeadline'> = {},
): Promise<{ sample: Sample; redis: RedisServer | undefined; stop: () => Promise<void> }> {
  const redis = store === 'Redis' ? await startRedisServer() : undefined;
  const sample = await Sample.start({
    database,
    adapter,
    env: redis ? { REDIS_URL: redis.url } : {},
    ...options,
  });
  return {
    sample,
    redis,
    stop: async () => {
      await sample.close();
      await redis?.stop();
    },
  };
}
