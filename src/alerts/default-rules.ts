import { parseDuration, type Duration } from '../definition/duration.js';
import type { AlertFacts, CacheAlertRule } from './alert-rule.js';
import type { CacheAlertsOptions } from './cache-alerts.options.js';

/** The rules that the options leave in. */
export function defaultRules({
  hitRatio = {},
  memory = {},
  responseTime = {},
  errors = {},
  disconnected = {},
}: CacheAlertsOptions): CacheAlertRule[] {
  const rules: CacheAlertRule[] = [];
  if (hitRatio !== false) {
    const { below = 0.7, clear = Math.max(0.75, below), reads = 100 } = hitRatio;
    const summary = 'Share of reads that were answered without loading, in 5 minutes';
    rules.push({ name: 'hit-ratio', summary, below, clear, measure: (facts) => hitRatioOf(facts, reads) });
  }
  if (memory !== false) {
    const { above = 0.8, clear = Math.min(0.75, above) } = memory;
    const summary = "Used share of Redis's maxmemory";
    rules.push({ name: 'memory', summary, above, clear, measure: ({ redis }) => redis?.memory?.share });
  }
  if (responseTime !== false) {
    const above = milliseconds(responseTime.above ?? '1s', 'responseTime.above');
    const clear = milliseconds(responseTime.clear ?? Math.min(800, above), 'responseTime.clear');
    const { reads = 10 } = responseTime;
    const summary = 'Average of reads that memory could not answer, milliseconds, in 1 minute';
    rules.push({ name: 'response-time', summary, above, clear, measure: (facts) => averageOf(facts, reads) });
  }
  if (errors !== false) {
    const { above = 0.05, clear = Math.min(0.02, above), operations: least = 20 } = errors;
    const summary = 'Share of operations on Redis that failed, in 1 minute';
    const measure = ({ operations: { total, failed } }: AlertFacts) =>
      total < least ? undefined : failed / total;
    rules.push({ name: 'errors', summary, above, clear, measure });
  }
  if (disconnected !== false) {
    const above = milliseconds(disconnected.after ?? '5s', 'disconnected.after');
    const summary = 'Milliseconds without a connection to Redis';
    const measure = (facts: AlertFacts) => awayFor(facts, above);
    rules.push({ name: 'disconnected', summary, above, clear: 0, measure });
  }
  return rules;
}

function hitRatioOf({ statistics }: AlertFacts, least: number): number | undefined {
  const recent = Object.values(statistics.caches).map((cache) => cache.recent['5m']);
  const served = sum(recent.map(({ hits, stale }) => hits + stale));
  const reads = served + sum(recent.map(({ misses }) => misses));
  return reads < least || reads === 0 ? undefined : served / reads;
}

function averageOf({ statistics }: AlertFacts, least: number): number | undefined {
  const recent = Object.values(statistics.caches).map((cache) => cache.recent['1m']);
  const reads = sum(recent.map(({ l2Hits, l2Stale, misses }) => l2Hits + l2Stale + misses));
  return reads < least || reads === 0 ? undefined : sum(recent.map(({ waitMs }) => waitMs)) / reads;
}

/** 0 once it has been back for as long as it may be away; until then it may be gone again in a moment. */
function awayFor({ status, now }: AlertFacts, after: number): number | undefined {
  if (status === undefined) return undefined;
  const { state, since } = status.connection;
  if (state === 'lost') return now - since;
  return now - since >= after ? 0 : undefined;
}

function milliseconds(duration: Duration, option: string): number {
  return parseDuration(duration, `\`${option}\` of CacheAlertsModule`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
