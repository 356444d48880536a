import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Registry, type RegistryContentType } from 'prom-client';
import type { CacheService } from '../cache.service.js';
import { CACHE_SERVICE } from '../tokens.js';
import { METRICS_OPTIONS } from './cache-metrics.builder.js';
import { resolveMetricsOptions, type CacheMetricsOptions } from './cache-metrics.options.js';
import { MetricSet } from './metric-set.js';

/** The metrics of the caches, for your route: `return this.metrics.text()` with the header of `contentType`. */
@Injectable()
export class CacheMetrics implements OnApplicationShutdown {
  /** Where the metrics are: yours, if you gave one. */
  readonly registry: Registry<RegistryContentType>;
  private readonly leave: () => void;

  constructor(
    @Inject(CACHE_SERVICE) service: CacheService,
    @Inject(METRICS_OPTIONS) options: CacheMetricsOptions,
  ) {
    const resolved = resolveMetricsOptions(options);
    this.registry = options.registry ?? new Registry();
    this.leave = MetricSet.in(this.registry, resolved).join(service);
  }

  /** Everything that the registry has, in the format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** What the response has to say that it is. */
  get contentType(): string {
    return this.registry.contentType;
  }

  onApplicationShutdown(): void {
    this.leave();
  }
}
