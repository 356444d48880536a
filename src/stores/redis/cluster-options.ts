import { addressOf, commonOf, parseUrls, refuseTlsWithout } from './common-options.js';
import type { RedisClusterOptions, ResolvedCluster } from './redis-options.js';
import type { RedisUrl } from './redis-url.js';

/** Checks the URLs of a cluster's nodes. */
export function parseCluster(given: unknown, what: string): readonly [RedisUrl, ...RedisUrl[]] {
  return parseUrls(given, what, {
    example: "['redis://node-1:6379', 'redis://node-2:6379']",
    databases: 'A cluster has database 0 only.',
    beside: 'Give `username` and `password` beside `cluster`, once for all nodes.',
  });
}

export function resolveCluster(given: RedisClusterOptions, namespace: string, what: string): ResolvedCluster {
  const [first, ...others] = parseCluster(given.cluster, `${what}.cluster`);
  refuseTlsWithout(first, given.tls, `${what}.cluster[0]`, 'tls');
  const common = commonOf(given, first, namespace, what);
  return { ...common, kind: 'cluster', nodes: [addressOf(first), ...others.map(addressOf)] };
}
