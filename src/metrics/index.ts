export { CacheMetrics } from './cache-metrics.js';
export { CacheMetricsModule } from './cache-metrics.module.js';
export type { CacheMetricsBuckets, CacheMetricsOptions } from './cache-metrics.options.js';
