import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './cache-metrics.builder.js';
import { CacheMetrics } from './cache-metrics.js';

/**
 * Metrics of the caches for Prometheus, by `prom-client`. Import it beside `CacheModule`:
 * `CacheMetricsModule.forRoot({})`, or `forRootAsync`. It provides {@link CacheMetrics}; the route is yours.
 *
 * With `isGlobal: true` all modules can inject it.
 */
@Module({ providers: [CacheMetrics], exports: [CacheMetrics] })
export class CacheMetricsModule extends ConfigurableModuleClass {}
