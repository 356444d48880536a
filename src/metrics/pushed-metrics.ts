import { Counter, Histogram, type Registry, type RegistryContentType } from 'prom-client';
import type { CacheService } from '../cache.service.js';
import type { ResolvedMetricsOptions } from './cache-metrics.options.js';
import { operationLabel, type BoundedLabels } from './labels.js';

/** What is counted and measured as it happens: loads, operations on Redis, entries that are stored, evictions. */
export class PushedMetrics {
  private readonly loads;
  private readonly reads;
  private readonly redis;
  private readonly redisErrors;
  private readonly sizes;
  private readonly evictions;
  private readonly missed;
  private readonly replayed;
  private readonly opened;
  private readonly interruptions;
  private readonly lag;
  private readonly refused;
  private readonly problems;

  constructor(
    private readonly registry: Registry<RegistryContentType>,
    private readonly options: ResolvedMetricsOptions,
    private readonly labels: BoundedLabels,
  ) {
    const { load, redis, entrySize } = options.buckets;
    this.loads = this.histogram('load_duration_seconds', 'What loaders took.', ['cache', 'result'], load);
    this.reads = this.histogram(
      'read_duration_seconds',
      'What reads took, with the option `reads` only.',
      ['cache', 'outcome'],
      load,
    );
    this.redis = this.histogram(
      'redis_operation_duration_seconds',
      'What operations on Redis took, up to their deadline.',
      ['operation'],
      redis,
    );
    this.redisErrors = this.counter('redis_errors_total', 'Operations on Redis that failed.', [
      'operation',
      'reason',
    ]);
    this.sizes = this.histogram('entry_size_bytes', 'Encoded values that were stored.', ['cache'], entrySize);
    this.evictions = this.counter('evictions_total', 'Evictions, here and as told by other instances.', [
      'kind',
      'origin',
    ]);
    this.missed = this.counter('missed_evictions_total', 'Evictions that did not reach Redis at once.', []);
    this.replayed = this.counter('replayed_evictions_total', 'Missed evictions that were made good.', []);
    this.opened = this.counter('breaker_opened_total', 'How often the circuit breaker opened.', []);
    this.interruptions = this.counter('bus_interruptions_total', 'How often the bus was interrupted.', []);
    this.lag = this.histogram(
      'bus_lag_seconds',
      'How long messages of the bus take to arrive, and heartbeats to be answered.',
      ['by'],
      redis,
    );
    this.refused = this.counter('refused_values_total', 'Values that could not be stored.', ['cache']);
    this.problems = this.counter('problems_total', 'What failed without failing a call.', []);
  }

  /** Follows an application; returns what ends it. */
  follow(service: CacheService): () => void {
    const { labels } = this;
    const stops = [
      service.observe('load', ({ cache, failed, duration }) =>
        this.loads.observe({ cache: labels.of(cache), result: failed ? 'failed' : 'ok' }, duration / 1000),
      ),
      service.observe('redis', ({ operation: name, duration, result }) => {
        const operation = operationLabel(name);
        this.redis.observe({ operation }, duration / 1000);
        if (result !== 'ok') this.redisErrors.inc({ operation, reason: result });
      }),
      service.observe('store', ({ cache, bytes }) => this.sizes.observe({ cache: labels.of(cache) }, bytes)),
      service.observe('evict', ({ kind, origin }) => this.evictions.inc({ kind, origin })),
      service.observe('queue', ({ kind, count }) =>
        (kind === 'queued' ? this.missed : this.replayed).inc(count),
      ),
      service.observe('breaker', ({ state }) => {
        if (state === 'open') this.opened.inc();
      }),
      service.observe('bus', (event) => {
        if (event.kind === 'broken') this.interruptions.inc();
        if (event.kind === 'lag') this.lag.observe({ by: event.by }, event.duration / 1000);
      }),
      service.observe('codec', ({ kind, cache }) => {
        if (kind === 'refused') this.refused.inc({ cache: labels.of(cache) });
      }),
      service.observe('problem', () => this.problems.inc()),
      ...(this.options.reads ? [this.followReads(service)] : []),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  private followReads(service: CacheService): () => void {
    return service.observe('read', ({ cache, outcome, duration }) =>
      this.reads.observe({ cache: this.labels.of(cache), outcome }, duration / 1000),
    );
  }

  private histogram(name: string, help: string, labelNames: string[], buckets: readonly number[]): Histogram {
    return new Histogram({ ...this.named(name, help), labelNames, buckets: [...buckets] });
  }

  private counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ ...this.named(name, help), labelNames });
  }

  private named(name: string, help: string) {
    return { name: this.options.prefix + name, help, registers: [this.registry] };
  }
}
