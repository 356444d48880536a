import { parseDuration, type Duration } from '../definition/duration.js';
import type { AlertFacts, CacheAlertRule } from './alert-rule.js';
import type { CacheAlertsOptions } from './cache-alerts.options.js';

/** What the options say of one rule that is left in. */
type Of<Rule extends keyof CacheAlertsOptions> = Exclude<NonNullable<CacheAlertsOptions[Rule]>, false>;

/** The rules that the options leave in. */
export function defaultRules(options: CacheAlertsOptions): CacheAlertRule[] {
  const { hitRatio = {}, memory = {}, responseTime = {}, errors = {}, disconnected = {} } = options;
  return [
    ...(hitRatio === false ? [] : [hitRatioRule(hitRatio)]),
    ...(memory === false ? [] : [memoryRule(memory)]),
    ...(responseTime === false ? [] : [responseTimeRule(responseTime)]),
    ...(errors === false ? [] : [errorsRule(errors)]),
    ...(disconnected === false ? [] : [disconnectedRule(disconnected)]),
  ];
}

function hitRatioRule({
  below = 0.7,
  clear = Math.max(0.75, below),
  reads = 100,
}: Of<'hitRatio'>): CacheAlertRule {
  return {
    name: 'hit-ratio',
    summary: 'Share of reads that were answered without loading, in 5 minutes',
    below,
    clear,
    measure: (facts) => hitRatioOf(facts, reads),
  };
}

function memoryRule({ above = 0.8, clear = Math.min(0.75, above) }: Of<'memory'>): CacheAlertRule {
  return {
    name: 'memory',
    summary: "Used share of Redis's maxmemory",
    above,
    clear,
    measure: ({ redis }) => redis?.memory?.share,
  };
}

function responseTimeRule({ reads = 10, ...limits }: Of<'responseTime'>): CacheAlertRule {
  const above = milliseconds(limits.above ?? '1s', 'responseTime.above');
  return {
    name: 'response-time',
    summary: 'Average of reads that memory could not answer, milliseconds, in 1 minute',
    above,
    clear: milliseconds(limits.clear ?? Math.min(800, above), 'responseTime.clear'),
    measure: (facts) => averageOf(facts, reads),
  };
}

function errorsRule({
  above = 0.05,
  clear = Math.min(0.02, above),
  operations = 20,
}: Of<'errors'>): CacheAlertRule {
  return {
    name: 'errors',
    summary: 'Share of operations on Redis that failed, in 1 minute',
    above,
    clear,
    measure: ({ operations: { total, failed } }) => (total < operations ? undefined : failed / total),
  };
}

function disconnectedRule({ after = '5s' }: Of<'disconnected'>): CacheAlertRule {
  const above = milliseconds(after, 'disconnected.after');
  return {
    name: 'disconnected',
    summary: 'Milliseconds without a connection to Redis',
    above,
    clear: 0,
    measure: (facts) => awayFor(facts, above),
  };
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
