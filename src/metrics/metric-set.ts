import { Counter, Gauge, type Registry, type RegistryContentType } from 'prom-client';
import type { CacheService } from '../cache.service.js';
import type { Measure } from '../measures.js';
import type { ResolvedMetricsOptions } from './cache-metrics.options.js';
import { BoundedLabels } from './labels.js';
import { PULLED_METRICS, type PulledMetric, type Sample } from './pulled-metrics.js';
import { PushedMetrics } from './pushed-metrics.js';
import { WarmupMetrics } from './warmup-metrics.js';

/** Found by name: a registry may be shared by code that came in as ESM and as CommonJS. */
const SETS: unique symbol = Symbol.for('nestjs-roost:metrics');

type AnyRegistry = Registry<RegistryContentType> & { [SETS]?: Map<string, MetricSet> };

interface Sum {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/**
 * The metrics of one registry and prefix. Applications that share them are added up, and what one of them has counted
 * stays when it ends: a counter never falls.
 */
export class MetricSet {
  private readonly services = new Set<CacheService>();
  /** What applications have counted that have ended, by metric. */
  private readonly ended = new Map<string, Map<string, Sum>>();
  private readonly metrics = new Map<string, PulledMetric>();
  private readonly labels: BoundedLabels;
  private readonly pushed: PushedMetrics;
  private readonly warmups: WarmupMetrics;

  /** That of a registry, made by the first who asks, whose options count. */
  static in(registry: Registry<RegistryContentType>, options: ResolvedMetricsOptions): MetricSet {
    const owner: AnyRegistry = registry;
    const sets = (owner[SETS] ??= new Map());
    const known = sets.get(options.prefix);
    // Cleared by its owner, it has to be filled again.
    const isThere = registry.getSingleMetric(`${options.prefix}requests_total`) !== undefined;
    if (known !== undefined && isThere) return known;
    const made = new MetricSet(registry, options);
    sets.set(options.prefix, made);
    return made;
  }

  private constructor(
    private readonly registry: Registry<RegistryContentType>,
    private readonly options: ResolvedMetricsOptions,
  ) {
    this.labels = new BoundedLabels(options.maxCaches);
    this.pushed = new PushedMetrics(registry, options, this.labels);
    this.warmups = new WarmupMetrics(registry, options);
    for (const metric of PULLED_METRICS) this.add(metric);
  }

  /** Adds an application; returns what takes it out again. */
  join(service: CacheService): () => void {
    this.services.add(service);
    const stops = [this.pushed.follow(service), this.warmups.follow(service)];
    const forget = service.measures.follow({
      added: (measure) => this.addMeasure(measure),
      removed: (measure) => this.keep(measure.name, measure.type, measure.collect()),
    });
    return () => {
      forget();
      for (const stop of stops) stop();
      for (const metric of this.metrics.values())
        this.keep(metric.name, metric.type, metric.samples(service));
      this.services.delete(service);
    };
  }

  /** What a feature measures; the same measure of several applications is one metric. */
  private addMeasure({ name, help, type, labels = [], combine }: Measure): void {
    if (this.metrics.has(name)) return;
    const samples = (service: CacheService) =>
      service.measures.all
        .filter((measure) => measure.name === name)
        .flatMap((measure) => [...measure.collect()]);
    this.add({ name, help, type, labels, combine, samples });
  }

  private add(metric: PulledMetric): void {
    const { name, help, type, labels } = metric;
    this.metrics.set(name, metric);
    const fill = (add: (labels: Sum['labels'], value: number) => void) => {
      for (const sum of this.sumsOf(metric).values()) add(sum.labels, sum.value);
    };
    const config = {
      name: this.options.prefix + name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
    };
    if (type === 'counter') {
      const counter: Counter = new Counter({
        ...config,
        collect: () => {
          counter.reset();
          fill((its, value) => counter.inc({ ...its }, value));
        },
      });
    } else {
      const gauge: Gauge = new Gauge({
        ...config,
        collect: () => {
          gauge.reset();
          // It would say 0 now, though perhaps nobody has a value.
          if (labels.length === 0) gauge.remove();
          fill((its, value) => gauge.set({ ...its }, value));
        },
      });
    }
  }

  /** The samples of all applications, those with the same labels made one. */
  private sumsOf(metric: PulledMetric): Map<string, Sum> {
    const sums = new Map<string, Sum>();
    for (const sum of this.ended.get(metric.name)?.values() ?? []) addTo(sums, sum.labels, sum.value);
    for (const service of this.services) {
      for (const sample of metric.samples(service))
        addTo(sums, this.bounded(sample), sample.value, metric.combine);
    }
    return sums;
  }

  /** Keeps what has been counted by an application, or a feature of it, that ends. */
  private keep(name: string, type: PulledMetric['type'], samples: Iterable<Sample>): void {
    if (type !== 'counter') return;
    const sums = this.ended.get(name) ?? new Map<string, Sum>();
    for (const sample of samples) addTo(sums, this.bounded(sample), sample.value);
    this.ended.set(name, sums);
  }

  private bounded({ labels = {} }: Sample): Sum['labels'] {
    return labels['cache'] === undefined ? labels : { ...labels, cache: this.labels.of(labels['cache']) };
  }
}

function addTo(
  sums: Map<string, Sum>,
  labels: Sum['labels'],
  value: number,
  combine: PulledMetric['combine'] = 'sum',
): void {
  const id = JSON.stringify(labels);
  const sum = sums.get(id);
  if (sum === undefined) sums.set(id, { labels, value });
  else sum.value = combine === 'sum' ? sum.value + value : Math[combine](sum.value, value);
}
