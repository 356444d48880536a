import { type INestApplication, Logger } from '@nestjs/common';
import type { CacheModuleOptions } from 'nestjs-roost';

import { settings, type Settings } from '../config/settings.js';
import { DatabaseConnection } from '../database/database-connection.js';

/** Says in a few lines what the app runs on and what to try. */
export function logWelcome(app: INestApplication, url: string): void {
  const { cache } = app.get<Settings>(settings.KEY);
  const logger = new Logger('Bots');
  logger.log(`Database: ${app.get(DatabaseConnection).description}`);
  logger.log(`Cache:    ${describeCache(cache)}`);
  logger.log(`Listening on ${url}. Try, in this order:`);
  const details = `curl -i -H 'x-user-id: ada' ${url}/bots/1/details`;
  logger.log(`  ${details}     # X-Cache: MISS, and from the second time HIT; tier=l1`);
  logger.log(`  curl -i -H 'x-user-id: ada' -X POST ${url}/bots/1/stop  # a write evicts what it changes`);
  logger.log(`  ${details}     # X-Cache: MISS again`);
}

/** Never shows the user or the password of a Redis URL. */
function describeCache({ redis, namespace }: CacheModuleOptions): string {
  if (redis === undefined) return 'in memory (set REDIS_URL to keep it in Redis, too)';
  if (typeof redis === 'object' && redis.cluster !== undefined) {
    return `Redis Cluster at ${redis.cluster.map((node) => new URL(node).host).join(', ')}, namespace ${namespace}`;
  }
  const given = typeof redis === 'string' ? redis : redis.url;
  if (given === undefined) return `Redis, namespace ${namespace}`;
  const url = new URL(given);
  const database = (typeof redis === 'object' ? redis.database : undefined) ?? Number(url.pathname.slice(1));
  return `Redis at ${url.hostname}:${url.port || '6379'}, database ${database}, namespace ${namespace}`;
}
