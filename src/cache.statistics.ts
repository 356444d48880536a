import type { CacheCounts, Tally } from './engine/cache-counts.js';
import type { CacheEngine } from './engine/cache-engine.js';

// Features know the facade, and not the stores.
export type { RedisStatistics, RedisStatisticsOptions } from './stores/redis/redis-survey.js';

/** What the reads and loads of a cache came to, in some time. Times are milliseconds. */
export interface CacheFigures extends Tally {
  /** Share of hits, fresh or stale, among the reads that were not bypassed; 0 before the first one. */
  readonly hitRatio: number;
}

/** The stretches of time that statistics are kept for, each with its length in milliseconds. */
export const WINDOWS = { '1m': 60_000, '5m': 5 * 60_000, '15m': 15 * 60_000 } as const;

/** How often a cache was read since the start, and with what outcome; what its loads cost, and what they saved. */
export interface CacheStatistics extends CacheFigures {
  /** Whether calls use the cache now, see `CacheService.disable`. */
  readonly enabled: boolean;
  /** The same of the last minutes. A window begins up to 10 seconds earlier than its name says. */
  readonly recent: Readonly<Record<keyof typeof WINDOWS, CacheFigures>>;
}

/** What the caches and the memory of this process came to since the start. */
export interface Statistics {
  /** By name of the cache. */
  readonly caches: Readonly<Record<string, CacheStatistics>>;
  /** What this process's memory holds. */
  readonly l1: { readonly entries: number; readonly bytes: number };
}

export function statisticsOf(engine: CacheEngine, now: number): Statistics {
  const caches: Record<string, CacheStatistics> = {};
  for (const { name, counts, enabled } of engine.caches) {
    const recent = (window: keyof typeof WINDOWS) => figuresOf(counts.within(WINDOWS[window], now));
    caches[name] = {
      ...figuresOf(sinceStart(counts)),
      enabled,
      recent: { '1m': recent('1m'), '5m': recent('5m'), '15m': recent('15m') },
    };
  }
  return { caches, l1: engine.memoryUse };
}

function sinceStart(counts: CacheCounts): Tally {
  const { hits, stale, misses, bypasses, invalid, l2Hits, l2Stale, shared } = counts;
  const { loads, failedLoads, loadMs, savedMs, waitMs } = counts;
  const reads = { hits, stale, misses, bypasses, invalid, l2Hits, l2Stale, shared };
  return { ...reads, loads, failedLoads, loadMs, savedMs, waitMs };
}

function figuresOf(tally: Tally): CacheFigures {
  const served = tally.hits + tally.stale;
  const reads = served + tally.misses;
  return { ...tally, hitRatio: reads === 0 ? 0 : served / reads };
}
