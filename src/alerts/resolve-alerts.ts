import { CacheError } from '../errors.js';
import { parseDuration } from '../definition/duration.js';
import { LONGEST_TIMER_MS } from '../engine/longest-timer.js';
import { refuseUnknown } from '../known-options.js';
import { checkRules, type CacheAlertRule } from './alert-rule.js';
import type { CacheAlertsOptions } from './cache-alerts.options.js';
import { defaultRules } from './default-rules.js';

export interface ResolvedAlerts {
  /** Milliseconds. */
  readonly interval: number;
  readonly rules: readonly CacheAlertRule[];
  /** Whether a rule wants to know what Redis says of itself. */
  readonly asksRedis: boolean;
}

const KNOWN = ['interval', 'hitRatio', 'memory', 'responseTime', 'errors', 'disconnected', 'rules'];
const KNOWN_OF_RULES = {
  hitRatio: ['below', 'clear', 'reads'],
  memory: ['above', 'clear'],
  responseTime: ['above', 'clear', 'reads'],
  errors: ['above', 'clear', 'operations'],
  disconnected: ['after'],
} as const;

/** @throws CacheError `CACHE_INVALID_OPTION` */
export function resolveAlerts(options: CacheAlertsOptions): ResolvedAlerts {
  const owner = 'CacheAlertsModule';
  refuseUnknown(options, KNOWN, '', owner);
  for (const [name, known] of Object.entries(KNOWN_OF_RULES)) {
    const own = options[name as keyof typeof KNOWN_OF_RULES];
    if (own !== false && own !== undefined) refuseUnknown(own, known, `${name}.`, owner);
  }
  const { rules: own = [], interval = '15s', memory } = options;
  const rules = [...defaultRules(options), ...own];
  checkRules(rules);
  return { interval: intervalOf(interval), rules, asksRedis: memory !== false || own.length > 0 };
}

function intervalOf(interval: NonNullable<CacheAlertsOptions['interval']>): number {
  const what = '`interval` of CacheAlertsModule';
  const ms = parseDuration(interval, what);
  if (ms > LONGEST_TIMER_MS) {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected ${what} to be at most ${LONGEST_TIMER_MS} ms (24.8 days), got \`${interval}\`. Write a shorter one.`,
    );
  }
  // An interval of 0 would never let go.
  return Math.max(ms, 100);
}
