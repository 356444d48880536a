import { ClusterLink } from './cluster-link.js';
import { ownClientLink } from './own-client-link.js';
import type { LinkListener, RedisLink } from './redis-link.js';
import type { ResolvedRedis } from './redis-options.js';
import { SentinelLink } from './sentinel-link.js';
import { ServerLink } from './server-link.js';

/** The way to what the options name. */
export function linkTo(redis: ResolvedRedis, listener: LinkListener): RedisLink {
  switch (redis.kind) {
    case 'cluster':
      return new ClusterLink(redis, listener);
    case 'sentinel':
      return new SentinelLink(redis, listener);
    case 'client':
      return ownClientLink(redis, listener);
    default:
      return new ServerLink(redis, listener);
  }
}
