import ms from 'ms';
import { CacheError } from '../errors.js';
import { describeType } from './describe-type.js';

/**
 * A length of time: a number of **milliseconds**, or a text with a unit (`'250ms'`, `'30s'`, `'5m'`, `'1.5h'`,
 * `'7d'`, `'2w'`). Never bare seconds.
 */
export type Duration =
  number | `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d` | `${number}w`;

/** How long something lives: a {@link Duration}, or `'forever'`. */
export type Lifetime = Duration | 'forever';

type DurationText = Exclude<Duration, number>;

/** Far beyond any use (142,000 years), and still exact after the time of day has been added. */
const LONGEST_MS = Number.MAX_SAFE_INTEGER / 2;

/** Stricter than `ms`, which reads '5', '-5m', '5 m' and '5 minutes', too. */
const GRAMMAR = /^\d{1,16}(?:\.\d{1,16})?(?:ms|s|m|h|d|w)$/;

/**
 * Reads a duration.
 *
 * @param what names the option in the message, such as "`ttl` of cache `bot-details`"
 * @returns whole milliseconds, 0 or more; what is more than zero never becomes zero by rounding
 * @throws CacheError `CACHE_INVALID_OPTION` when it is none
 */
export function parseDuration(value: unknown, what: string): number {
  const parsed = toMilliseconds(value);
  if (parsed === undefined) throw invalid(value, what, 'a duration >= 0', wayOut(value));
  return parsed;
}

/**
 * Reads a lifetime: like {@link parseDuration}, and `'forever'` is `Infinity`.
 *
 * @throws CacheError `CACHE_INVALID_OPTION` when it is none
 */
export function parseLifetime(value: unknown, what: string): number {
  if (value === 'forever') return Infinity;
  const parsed = toMilliseconds(value);
  if (parsed === undefined) {
    const way = value === Infinity ? "Write 'forever'." : wayOut(value);
    throw invalid(value, what, "'forever' or a duration >= 0", way);
  }
  return parsed;
}

function toMilliseconds(value: unknown): number | undefined {
  const length = typeof value === 'number' ? value : isDurationText(value) ? ms(value) : NaN;
  if (!(length >= 0 && length <= LONGEST_MS)) return undefined;
  return length === 0 ? 0 : Math.max(1, Math.round(length));
}

function isDurationText(value: unknown): value is DurationText {
  return typeof value === 'string' && GRAMMAR.test(value);
}

function wayOut(value: unknown): string {
  if (typeof value === 'string' && /^\d{1,13}$/.test(value)) {
    const grouped = value.replace(/\B(?=(?:\d{3})+$)/g, '_');
    return `A text needs a unit: write '${value}s' or ${grouped}_000 for that many seconds, '${value}ms' or ${grouped} for milliseconds.`;
  }
  return "Write a number of milliseconds (300_000) or a number with a unit (ms, s, m, h, d or w), such as '300s' or '5m'.";
}

function invalid(value: unknown, what: string, rule: string, way: string): CacheError {
  return new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected ${what} to be ${rule}, got ${shown(value)}. ${way}`,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `\`${JSON.stringify(value.slice(0, 40)).slice(1, -1)}\` (string)`;
  return typeof value === 'number' ? `\`${value}\` (number)` : describeType(value);
}
