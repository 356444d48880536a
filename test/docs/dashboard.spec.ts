import { Logger } from '@nestjs/common';
import { allMetrics, type RegisteredMetric } from '../support/all-metrics.js';
import { readText } from './support/markdown.js';

Logger.overrideLogger(false);

/** Those of oliver006/redis_exporter that the dashboard shows, as its README has them. */
const OF_REDIS_EXPORTER = [
  'redis_commands_total',
  'redis_connected_clients',
  'redis_evicted_keys_total',
  'redis_expired_keys_total',
  'redis_memory_max_bytes',
  'redis_memory_used_bytes',
];
const LABELS_OF_OTHERS = ['job', 'instance', 'cmd', 'le'];
const KEYWORDS = [...['by', 'sum', 'max', 'count', 'rate', 'increase', 'histogram_quantile', 'label_values']];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

/** The names of metrics, and of labels, in an expression of PromQL. */
function namesIn(expr: string): { readonly metrics: string[]; readonly labels: string[] } {
  const labels = [...expr.matchAll(/\{([^}]*)\}|\bby \(([^)]*)\)/g)].flatMap(([, matchers, grouped]) =>
    grouped === undefined
      ? [...(matchers ?? '').matchAll(/(\w+)(?:=~|!=|!~|=)/g)].map(([, label = '']) => label)
      : grouped.split(',').map((label) => label.trim()),
  );
  const bare = expr
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, ' ')
    .replaceAll(/,\s*(job|cache)\)/g, ')');
  const metrics = [...bare.matchAll(/[a-zA-Z_]\w*/g)].map(([name]) => name);
  return { metrics: metrics.filter((name) => !KEYWORDS.includes(name)), labels };
}

describe('the dashboard for Grafana', () => {
  const dashboard = JSON.parse(readText('docker/grafana/dashboards/nestjs-roost.json')) as Dashboard;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const targets = panels.flatMap(({ targets: each = [] }) => each);
  const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
  let metrics: readonly RegisteredMetric[];

  /** The metric that a name of PromQL stands for: that of a histogram has three. */
  const metricOf = (name: string) =>
    metrics.find((metric) =>
      metric.type === 'histogram'
        ? ['_bucket', '_sum', '_count'].some((suffix) => metric.name + suffix === name)
        : metric.name === name,
    );

  beforeAll(async () => {
    metrics = await allMetrics();
  });

  it('shows metrics that there are, by labels that they have', () => {
    expect(targets.length).toBeGreaterThan(30);
    for (const expr of [...targets.map((target) => target.expr), ...variables]) {
      const names = namesIn(expr);
      expect(names.metrics).not.toEqual([]);
      const unknown = names.metrics.filter(
        (name) => metricOf(name) === undefined && !OF_REDIS_EXPORTER.includes(name),
      );
      expect({ expr, unknown }).toEqual({ expr, unknown: [] });
      const labels = new Set([
        ...LABELS_OF_OTHERS,
        ...names.metrics.flatMap((name) => metricOf(name)?.labels ?? []),
      ]);
      expect({ expr, labels: names.labels.filter((label) => !labels.has(label)) }).toEqual({
        expr,
        labels: [],
      });
    }
  });

  it('shows every metric', () => {
    const shown = new Set(
      targets.flatMap(({ expr }) => namesIn(expr).metrics).map((name) => metricOf(name)?.name),
    );
    expect(metrics.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has a query in every panel, with labels in its legend by which it groups', () => {
    for (const { title, targets: each = [] } of panels) {
      expect({ title, queries: each.length }).not.toEqual({ title, queries: 0 });
      for (const { expr, legendFormat } of each) {
        expect(expr.trim()).not.toBe('');
        const inLegend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        const known = [...namesIn(expr).labels, 'instance'];
        expect({ title, missing: inLegend.filter((label) => !known.includes(label)) }).toEqual({
          title,
          missing: [],
        });
      }
    }
  });

  it('has panels with ids of their own, side by side', () => {
    const { panels: all } = dashboard;
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { gridPos: a, id } of all) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      const over = all.filter(
        ({ gridPos: b, id: other }) =>
          other !== id && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      );
      expect(over.map(({ title }) => title)).toEqual([]);
    }
  });
});
