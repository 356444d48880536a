import type { Registry, RegistryContentType } from 'prom-client';
import { CacheError } from '../errors.js';
import { refuseUnknown } from '../known-options.js';

/** Upper bounds of the buckets of histograms, ascending. */
export interface CacheMetricsBuckets {
  /** Of `load_duration_seconds` and `read_duration_seconds`, seconds. @default 5 ms to 30 s */
  readonly load?: readonly number[];
  /** Of `redis_operation_duration_seconds` and `bus_lag_seconds`, seconds. @default 0.5 ms to 1 s */
  readonly redis?: readonly number[];
  /** Of `entry_size_bytes`, bytes. @default 128 bytes to 8 MiB */
  readonly entrySize?: readonly number[];
  /** Of `warmup_duration_seconds`, seconds. @default 0.1 s to 1 hour */
  readonly warmup?: readonly number[];
}

/** Options of `CacheMetricsModule`. */
export interface CacheMetricsOptions {
  /** Where the metrics are. Applications that share one with one prefix share its metrics. @default one of its own */
  readonly registry?: Registry<RegistryContentType>;
  /** What the names of all metrics begin with. @default 'nestjs_roost_' */
  readonly prefix?: string;
  /** Whether each read is measured, too: it makes every hit a little slower. @default false */
  readonly reads?: boolean;
  /** Most caches, and most warmups, that have labels of their own; further ones share the label `(other)`. @default 200 */
  readonly maxCaches?: number;
  readonly buckets?: CacheMetricsBuckets;
}

export interface ResolvedMetricsOptions {
  readonly prefix: string;
  readonly reads: boolean;
  readonly maxCaches: number;
  readonly buckets: Required<CacheMetricsBuckets>;
}

const KNOWN = ['registry', 'prefix', 'reads', 'maxCaches', 'buckets', 'isGlobal'];
const PREFIX = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const DEFAULT_BUCKETS: Required<CacheMetricsBuckets> = {
  load: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  redis: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  entrySize: [128, 512, 2_048, 8_192, 32_768, 131_072, 524_288, 2_097_152, 8_388_608],
  warmup: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600],
};

/** @throws CacheError `CACHE_INVALID_OPTION` */
export function resolveMetricsOptions(options: CacheMetricsOptions): ResolvedMetricsOptions {
  refuseUnknown(options, KNOWN, '', 'CacheMetricsModule');
  const { prefix = 'nestjs_roost_', reads = false, maxCaches = 200, buckets = {}, registry } = options;
  refuseUnknown(buckets, Object.keys(DEFAULT_BUCKETS), 'buckets.', 'CacheMetricsModule');
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw invalid('`prefix`', 'letters, digits and `_`, beginning with no digit', prefix);
  if (!Number.isSafeInteger(maxCaches) || maxCaches < 1)
    throw invalid('`maxCaches`', 'an integer > 0', maxCaches);
  if (typeof reads !== 'boolean') throw invalid('`reads`', 'a boolean', reads);
  if (registry !== undefined && typeof registry?.getSingleMetric !== 'function')
    throw invalid('`registry`', 'a `Registry` of prom-client', registry);
  const all = { ...DEFAULT_BUCKETS, ...buckets };
  for (const [name, bounds] of Object.entries(all)) {
    if (!isAscending(bounds)) throw invalid(`\`buckets.${name}\``, 'ascending numbers > 0', bounds);
  }
  return { prefix, reads, maxCaches, buckets: all };
}

function isAscending(bounds: unknown): boolean {
  const isOne = (bound: unknown, i: number, list: readonly unknown[]) =>
    typeof bound === 'number' && bound > (i === 0 ? 0 : (list[i - 1] as number));
  return Array.isArray(bounds) && bounds.length > 0 && bounds.every(isOne);
}

function invalid(what: string, rule: string, value: unknown): CacheError {
  const got = typeof value === 'string' ? `'${value}'` : String(value);
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected ${what} of CacheMetricsModule to be ${rule}, got ${got} (${typeof value}). Leave it out for the default.`,
  );
}
