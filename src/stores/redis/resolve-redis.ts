import { refuseUnknown } from '../../known-options.js';
import { resolveClient } from './client-options.js';
import { resolveCluster } from './cluster-options.js';
import type {
  RedisClientOptions,
  RedisClusterOptions,
  RedisConnectionOptions,
  RedisOptionName,
  RedisSentinelOptions,
  RedisServerOptions,
  ResolvedRedis,
} from './redis-options.js';
import { invalidRedis } from './redis-url.js';
import { resolveSentinel } from './sentinel-options.js';
import { resolveServer } from './server-options.js';

type Kind = 'url' | 'cluster' | 'sentinels' | 'client';

const COMMON = ['username', 'password', 'tls', 'deadline'] as const;
/** By the option that tells the kinds apart: all that each kind has. */
const NAMES: Readonly<Record<Kind, readonly RedisOptionName[]>> = {
  url: ['url', ...COMMON, 'database'],
  cluster: ['cluster', ...COMMON],
  sentinels: [
    ...(['sentinels', 'name', ...COMMON, 'database'] as const),
    ...(['sentinelUsername', 'sentinelPassword', 'sentinelTls'] as const),
  ],
  client: ['client', 'deadline'],
};
const KINDS = ['client', 'sentinels', 'cluster', 'url'] as const;
const KNOWN = [...new Set([...NAMES.url, ...NAMES.cluster, ...NAMES.sentinels, ...NAMES.client])];

/**
 * Checks the options and turns them into those of ioredis that never hang.
 *
 * @param what names the option in messages, such as `redis` or `REDIS_URL`
 * @throws CacheError `CACHE_INVALID_OPTION`; the message never holds a user or a password
 */
export function resolveRedis(
  redis: string | RedisConnectionOptions,
  namespace: string,
  what = 'redis',
): ResolvedRedis {
  if (typeof redis === 'string') return resolveServer({ url: redis }, namespace, what, what);
  refuseUnknown(redis, KNOWN, `${what}.`);
  // Given but undefined, a client is a mistake that must not end in a cache in memory, or in a message about URLs.
  const kind = KINDS.find((name) => redis[name] !== undefined) ?? ('client' in redis ? 'client' : 'url');
  refuseBeside(redis, kind, what);
  switch (kind) {
    case 'client':
      return resolveClient(redis as RedisClientOptions, namespace, what);
    case 'sentinels':
      return resolveSentinel(redis as RedisSentinelOptions, namespace, what);
    case 'cluster':
      return resolveCluster(redis as RedisClusterOptions, namespace, what);
    default:
      return resolveServer(redis as RedisServerOptions, namespace, what, `${what}.url`);
  }
}

/** Types rule these out, but options may come from where there are none. */
function refuseBeside(
  redis: Readonly<Partial<Record<RedisOptionName, unknown>>>,
  kind: Kind,
  what: string,
): void {
  const stranger = KNOWN.find((name) => redis[name] !== undefined && !NAMES[kind].includes(name));
  if (stranger === undefined) return;
  const isKind = (KINDS as readonly string[]).includes(stranger);
  throw invalidRedis(
    `${what}.${stranger}`,
    `left out beside \`${what}.${kind}\``,
    isKind || typeof redis[stranger] !== 'number' ? 'both' : String(redis[stranger]),
    wayOut(kind, stranger, isKind),
  );
}

function wayOut(kind: Kind, stranger: RedisOptionName, isKind: boolean): string {
  if (isKind) {
    return 'Give `url` for one server, `cluster` for a cluster, `sentinels` for the master they know, or `client`.';
  }
  if (kind === 'client') return `Give it to the client: what belongs to the application is not changed here.`;
  if (stranger === 'database') return 'A cluster has database 0 only.';
  return `It goes with \`sentinels\`.`;
}
