import { addressOf, commonOf, databaseOf, refuseTlsWithout } from './common-options.js';
import type { RedisServerOptions, ResolvedServer } from './redis-options.js';
import { parseRedisUrl } from './redis-url.js';

export function resolveServer(
  given: RedisServerOptions,
  namespace: string,
  what: string,
  urlName: string,
): ResolvedServer {
  const url = parseRedisUrl(given.url, urlName);
  refuseTlsWithout(url, given.tls, urlName, 'tls');
  const address = { ...addressOf(url), database: databaseOf(given.database, url.database, what) };
  const { options, ...common } = commonOf(given, url, namespace, what);
  const { host, port, database: db } = address;
  return { ...common, kind: 'server', address, options: { ...options, host, port, db } };
}
