import type { RedisStatus } from '../cache.redis.js';
import type { RedisStatistics, Statistics } from '../cache.statistics.js';
import { CacheError } from '../errors.js';

/** What rules judge by. */
export interface AlertFacts {
  readonly statistics: Statistics;
  /** How this process stands with Redis; `undefined` in memory. */
  readonly status: RedisStatus | undefined;
  /** What Redis says of itself; `undefined` in memory, and when it can't be asked. Without its keys. */
  readonly redis: RedisStatistics | undefined;
  /** Operations on Redis in the last minute or so, whatever the interval. */
  readonly operations: { readonly total: number; readonly failed: number };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** When to raise an alert, and when to clear it. */
export interface CacheAlertRule {
  /** Letters, digits, `_` and `-`, at most 50. Metrics and log lines go by it. */
  readonly name: string;
  /** What it is about, in words. */
  readonly summary: string;
  /** The number that is watched; `undefined` while it can't be told: then nothing changes. */
  readonly measure: (facts: AlertFacts) => number | undefined;
  /** Raised when the number is above. Either this or `below`. */
  readonly above?: number;
  /** Raised when the number is below. */
  readonly below?: number;
  /** Cleared when the number has come back as far as that: it is on the good side of the other one. @default the other one */
  readonly clear?: number;
}

const NAME = /^[\w-]{1,50}$/;

/** @throws CacheError `CACHE_INVALID_OPTION` */
export function checkRules(rules: readonly CacheAlertRule[]): void {
  const names = new Set<string>();
  for (const rule of rules) {
    const { name, measure } = rule;
    if (typeof name !== 'string' || !NAME.test(name))
      throw invalid('name', 'letters, digits, `_` and `-`', name);
    if (names.has(name)) throw invalid('name', 'another one for each rule', name);
    names.add(name);
    if (typeof measure !== 'function') throw invalid(`measure\` of \`${name}`, 'a function', measure);
    checkThresholds(rule);
  }
}

function checkThresholds({ name, above, below, clear }: CacheAlertRule): void {
  for (const [option, value] of Object.entries({ above, below, clear })) {
    if (value !== undefined && !Number.isFinite(value))
      throw invalid(`${option}\` of \`${name}`, 'a finite number', value);
  }
  if ((above === undefined) === (below === undefined))
    throw invalid(`above\` of \`${name}`, 'set, or `below`, and not both', above);
  const isBeyond = clear !== undefined && (clear > (above ?? Infinity) || clear < (below ?? -Infinity));
  if (isBeyond) throw invalid(`clear\` of \`${name}`, 'on the good side of the other threshold', clear);
}

function invalid(what: string, rule: string, value: unknown): CacheError {
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected \`${what}\` of a rule of CacheAlertsModule to be ${rule}, got \`${String(value)}\` (${typeof value}). ` +
      'See docs/alerts.md for the rules that there are.',
  );
}
