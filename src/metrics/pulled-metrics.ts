import type { RedisStatus } from '../cache.redis.js';
import type { CacheService } from '../cache.service.js';
import type { CacheStatistics } from '../cache.statistics.js';

/** What is read when somebody asks for the metrics, and costs nothing before. */
export interface PulledMetric {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** How those of several applications become one. @default 'sum' */
  readonly combine?: 'sum' | 'min' | 'max' | undefined;
  /** What one application has. */
  samples(service: CacheService): Iterable<Sample>;
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Those that the statistics and the status of an application tell. */
export const PULLED_METRICS: readonly PulledMetric[] = [
  {
    name: 'requests_total',
    help: 'Reads of caches. Tier `none` for those that no tier answered.',
    type: 'counter',
    labels: ['cache', 'tier', 'outcome'],
    samples: (service) => perCache(service, requestsOf),
  },
  ofCache('shared_loads_total', 'Callers that shared a load that was under way.', ({ shared }) => shared),
  ofCache(
    'time_saved_seconds_total',
    'Time that the loads had taken whose values were served without loading.',
    ({ savedMs }) => savedMs / 1000,
  ),
  ofCache('invalid_entries_total', 'Entries that could not be opened.', ({ invalid }) => invalid),
  {
    ...ofCache('cache_enabled', 'Whether calls use the cache.', ({ enabled }) => Number(enabled)),
    type: 'gauge',
    combine: 'min',
  },
  gauge('l1_entries', 'Entries in memory of this process.', (service) => service.stats().l1.entries),
  gauge(
    'l1_bytes',
    'Bytes that entries in memory of this process count as.',
    (service) => service.stats().l1.bytes,
  ),
  {
    ...ofRedis('redis_connected', 'Whether there is a connection to Redis.', ({ connection }) =>
      Number(connection.state === 'ready'),
    ),
    combine: 'min',
  },
  {
    name: 'breaker_state',
    help: 'State of the circuit breaker: 1 for the one that it is in.',
    type: 'gauge',
    labels: ['state'],
    combine: 'max',
    *samples(service) {
      const status = service.status();
      if (status === undefined) return;
      for (const state of ['closed', 'half-open', 'open'])
        yield { labels: { state }, value: Number(status.breaker.state === state) };
    },
  },
  {
    ...ofRedis(
      'bus_armed',
      'Whether this instance hears what the others evict; its memory is off while not.',
      (status) => Number(status.bus.state === 'armed'),
    ),
    combine: 'min',
  },
  ofRedis('queued_evictions', 'Evictions that wait for Redis.', ({ queuedEvictions }) => queuedEvictions),
];

function* requestsOf(cache: CacheStatistics): Iterable<Sample> {
  const { hits, l2Hits, stale, l2Stale, misses, bypasses } = cache;
  yield { labels: { tier: 'l1', outcome: 'hit' }, value: hits - l2Hits };
  yield { labels: { tier: 'l2', outcome: 'hit' }, value: l2Hits };
  yield { labels: { tier: 'l1', outcome: 'stale' }, value: stale - l2Stale };
  yield { labels: { tier: 'l2', outcome: 'stale' }, value: l2Stale };
  yield { labels: { tier: 'none', outcome: 'miss' }, value: misses };
  yield { labels: { tier: 'none', outcome: 'bypass' }, value: bypasses };
}

function* perCache(
  service: CacheService,
  samplesOf: (statistics: CacheStatistics) => Iterable<Sample>,
): Iterable<Sample> {
  for (const [cache, statistics] of Object.entries(service.stats().caches)) {
    for (const { labels, value } of samplesOf(statistics)) yield { labels: { cache, ...labels }, value };
  }
}

function ofCache(name: string, help: string, valueOf: (cache: CacheStatistics) => number): PulledMetric {
  const samples = (service: CacheService) => perCache(service, (cache) => [{ value: valueOf(cache) }]);
  return { name, help, type: 'counter', labels: ['cache'], samples };
}

function gauge(name: string, help: string, valueOf: (service: CacheService) => number): PulledMetric {
  return { name, help, type: 'gauge', labels: [], samples: (service) => [{ value: valueOf(service) }] };
}

/** Not there where the module runs in memory. */
function ofRedis(name: string, help: string, valueOf: (status: RedisStatus) => number): PulledMetric {
  const samples = (service: CacheService) => {
    const status = service.status();
    return status === undefined ? [] : [{ value: valueOf(status) }];
  };
  return { name, help, type: 'gauge', labels: [], samples };
}
