import { Counter, Gauge, Histogram, type Registry, type RegistryContentType } from 'prom-client';
import type { CacheService } from '../cache.service.js';
import type { CacheWarmupEvent } from '../engine/events.js';
import type { ResolvedMetricsOptions } from './cache-metrics.options.js';
import { BoundedLabels } from './labels.js';

/** What warmups come to, by their events: counted when a run has ended. */
export class WarmupMetrics {
  private readonly labels: BoundedLabels;
  private readonly runs;
  private readonly items;
  private readonly durations;
  private readonly successes;

  constructor(registry: Registry<RegistryContentType>, options: ResolvedMetricsOptions) {
    const named = (name: string, help: string, labelNames: string[]) => ({
      name: `${options.prefix}warmup_${name}`,
      help,
      labelNames,
      registers: [registry],
    });
    this.labels = new BoundedLabels(options.maxCaches);
    this.runs = new Counter(
      named('runs_total', 'Runs of warmups that have ended, or were not run.', ['warmup', 'outcome']),
    );
    this.items = new Counter(named('items_total', 'Items of runs that have ended.', ['warmup', 'result']));
    this.durations = new Histogram({
      ...named('duration_seconds', 'What runs took that have ended.', ['warmup', 'outcome']),
      buckets: [...options.buckets.warmup],
    });
    this.successes = new Gauge(
      named(
        'last_success_timestamp_seconds',
        'When a run was last through all items, not all of which failed, since the epoch.',
        ['warmup'],
      ),
    );
  }

  /** Follows an application; returns what ends it. */
  follow(service: CacheService): () => void {
    return service.observe('warmup', (event) => {
      if (event.kind === 'skipped')
        this.runs.inc({ warmup: this.labels.of(event.warmup), outcome: 'skipped' });
      if (event.kind === 'finished') this.finished(event);
    });
  }

  private finished(event: CacheWarmupEvent): void {
    const { done, failed, duration } = event;
    const outcome = event.outcome ?? 'skipped';
    const warmup = this.labels.of(event.warmup);
    this.runs.inc({ warmup, outcome });
    this.items.inc({ warmup, result: 'done' }, done);
    this.items.inc({ warmup, result: 'failed' }, failed);
    this.durations.observe({ warmup, outcome }, duration / 1000);
    if (outcome === 'done' && (done > 0 || failed === 0)) this.successes.set({ warmup }, Date.now() / 1000);
  }
}
