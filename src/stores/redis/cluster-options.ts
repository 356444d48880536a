import { addressOf, commonOf, parseUrls, refuseTlsWithout } from './common-options.js';
import type { RedisClusterOptions, ResolvedCluster } from './redis-options.js';

export function resolveCluster(given: RedisClusterOptions, namespace: string, what: string): ResolvedCluster {
  const [first, ...others] = parseUrls(given.cluster, `${what}.cluster`, {
    example: "['redis://node-1:6379', 'redis://node-2:6379']",
    databases: 'A cluster has database 0 only.',
    beside: 'Give `username` and `password` beside `cluster`, once for all nodes.',
  });
  refuseTlsWithout(first, given.tls, `${what}.cluster[0]`, 'tls');
  const common = commonOf(given, first, namespace, what);
  return { ...common, kind: 'cluster', nodes: [addressOf(first), ...others.map(addressOf)] };
}
