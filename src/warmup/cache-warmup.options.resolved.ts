import { CronTime } from 'cron';
import { parseDuration } from '../definition/duration.js';
import { describeType } from '../definition/describe-type.js';
import { optionsIn } from '../decorators/decorator-options.js';
import { misuse } from '../decorators/misuse.js';
import { CacheError } from '../errors.js';
import type { CacheWarmupModuleOptions, WarmupMode, WarmupPriority } from './cache-warmup.options.js';

/** When a warmup runs by itself. */
export type WarmupSchedule =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timeZone: string | undefined };

/** The options of a warmup, checked, durations in milliseconds. */
export interface ResolvedWarmup {
  readonly name: string;
  readonly priority: WarmupPriority;
  readonly mode: WarmupMode;
  readonly minRemaining: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly retries: number;
  readonly retryDelay: number;
  readonly timeout: number;
  readonly schedule: WarmupSchedule | undefined;
  readonly on: string | undefined;
  readonly onBoot: boolean | 'wait';
}

/** The same for the options of the module. */
export interface ResolvedWarmupModule {
  readonly enabled: boolean;
  readonly lease: number;
  readonly shutdownDeadline: number;
  readonly logStep: number;
  readonly history: number;
  readonly maxWaitingEvents: number;
}

const KNOWN = [
  ...(['name', 'every', 'cron', 'timeZone', 'on', 'onBoot', 'priority', 'mode', 'minRemaining'] as const),
  ...(['batchSize', 'concurrency', 'retries', 'retryDelay', 'timeout'] as const),
];
const KNOWN_OF_MODULE = [
  ...(['enabled', 'lease', 'shutdownDeadline', 'logStep', 'history', 'maxWaitingEvents'] as const),
];
const DEFAULTS = {
  ...{ onBoot: false, mode: 'refresh', minRemaining: 0.5, batchSize: 50, concurrency: 5 },
  ...{ retries: 2, retryDelay: '200ms', timeout: '30s' },
};
const MODULE_DEFAULTS = {
  ...{ enabled: true, lease: '15s', shutdownDeadline: '5s' },
  ...{ logStep: 10, history: 10, maxWaitingEvents: 1_000 },
};
const NAME = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/;
/** What a timer can hold. */
const LONGEST_MS = 24 * 86_400_000;
const SHORTEST_EVERY_MS = 1_000;
const SHORTEST_LEASE_MS = 500;

/**
 * Checks the options of a warmup.
 *
 * @param place decorator, class and method, for messages
 * @throws CacheError `CACHE_INVALID_USE`, `CACHE_INVALID_OPTION`
 */
export function resolveWarmup(marked: unknown, place: string): ResolvedWarmup {
  const options = { ...DEFAULTS, ...defined(optionsIn(marked, KNOWN, place)) };
  const { on, onBoot } = options;
  const name = nameIn(options.name, place);
  const what = (option: string) => `\`${option}\` of warmup \`${name}\` (${place})`;
  const schedule = scheduleOf(options, what);
  if (on !== undefined && (schedule !== undefined || onBoot !== false)) {
    throw misuse(
      `Expected warmup \`${name}\` (${place}) to have \`on\` without \`every\`, \`cron\` and \`onBoot\`.`,
      'Mark a second method, and let both return the same.',
    );
  }
  const priority = options.priority ?? (on === undefined ? 'medium' : 'high');
  return {
    name,
    schedule,
    on: eventIn(on, what('on')),
    onBoot: among(onBoot, [true, false, 'wait'], what('onBoot')),
    priority: among(priority, ['high', 'medium', 'low'], what('priority')),
    mode: among(options.mode, ['refresh', 'fill'], what('mode')),
    minRemaining: within(options.minRemaining, 0, 1, what('minRemaining')),
    batchSize: whole(options.batchSize, 1, 100_000, what('batchSize')),
    concurrency: whole(options.concurrency, 1, 1_000, what('concurrency')),
    retries: whole(options.retries, 0, 100, what('retries')),
    retryDelay: parseDuration(options.retryDelay, what('retryDelay')),
    timeout: aboveZero(options.timeout, what('timeout')),
  };
}

/**
 * Checks the options of the module.
 *
 * @throws CacheError `CACHE_INVALID_USE`, `CACHE_INVALID_OPTION`
 */
export function resolveWarmupModule(given: CacheWarmupModuleOptions = {}): ResolvedWarmupModule {
  const options = {
    ...MODULE_DEFAULTS,
    ...defined(optionsIn(given, KNOWN_OF_MODULE, 'CacheWarmupModule')),
  };
  const what = (option: string) => `\`${option}\` of CacheWarmupModule`;
  return {
    enabled: among(options.enabled, [true, false], what('enabled')),
    lease: leaseIn(options.lease, what('lease')),
    shutdownDeadline: forTimer(
      parseDuration(options.shutdownDeadline, what('shutdownDeadline')),
      options.shutdownDeadline,
      what('shutdownDeadline'),
    ),
    logStep: within(options.logStep, 1, 100, what('logStep')),
    history: whole(options.history, 1, 1_000, what('history')),
    maxWaitingEvents: whole(options.maxWaitingEvents, 1, 1_000_000, what('maxWaitingEvents')),
  };
}

/** An option that is undefined is one that is left out. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function nameIn(name: unknown, place: string): string {
  if (typeof name === 'string' && NAME.test(name) && name.length <= 100) return name;
  const got = typeof name === 'string' ? `'${name}'` : describeType(name);
  throw misuse(
    `Expected \`name\` of ${place} to be 1 to 100 letters, digits and inner \`. _ -\`, got ${got}.`,
    "Write for example 'active-bots'.",
  );
}

function eventIn(event: unknown, what: string): string | undefined {
  if (event === undefined || (typeof event === 'string' && event !== '')) return event;
  throw misuse(`Expected ${what} to be the name of an event, got ${describeType(event)}.`);
}

/** Shorter ones would end between two renewals. */
function leaseIn(value: unknown, what: string): number {
  const ms = parseDuration(value, what);
  if (ms < SHORTEST_LEASE_MS) throw invalid(what, `a duration of at least ${SHORTEST_LEASE_MS} ms`, value);
  return forTimer(ms, value, what);
}

function scheduleOf(
  {
    every,
    cron,
    timeZone,
  }: { readonly every?: unknown; readonly cron?: unknown; readonly timeZone?: unknown },
  what: (option: string) => string,
): WarmupSchedule | undefined {
  if (every !== undefined && cron !== undefined) {
    throw misuse(`Expected ${what('every')} to stand without \`cron\`.`, 'Keep one of them.');
  }
  if (timeZone !== undefined && cron === undefined) {
    throw misuse(`Expected ${what('timeZone')} to stand beside \`cron\`.`, 'Leave it out.');
  }
  if (every !== undefined) {
    const ms = parseDuration(every, what('every'));
    if (ms >= SHORTEST_EVERY_MS && ms <= LONGEST_MS) return { kind: 'every', ms };
    throw invalid(what('every'), 'between 1 second and 24 days', every, 'For longer times use `cron`.');
  }
  if (cron === undefined) return undefined;
  if (typeof cron !== 'string') throw invalidCron(what('cron'), describeType(cron));
  if (timeZone !== undefined && typeof timeZone !== 'string') {
    throw misuse(`Expected ${what('timeZone')} to be a text, got ${describeType(timeZone)}.`);
  }
  try {
    // Also finds one that is valid and never comes, such as the 31st of February.
    new CronTime(cron, timeZone).sendAt();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidCron(
      what('cron'),
      `'${cron}'${timeZone === undefined ? '' : ` in '${timeZone}'`}: ${reason}`,
    );
  }
  return { kind: 'cron', expression: cron, timeZone };
}

function invalidCron(what: string, got: string): CacheError {
  return misuse(
    `Expected ${what} to be a cron expression, got ${got}`,
    "Write five or six fields, such as '0 3 * * *' for every day at three.",
    "For a steady interval, `every` is simpler: every: '30m'.",
  );
}

function among<T>(value: unknown, known: readonly T[], what: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw notAmong(what, known);
  return found;
}

function notAmong(what: string, known: readonly unknown[]): CacheError {
  const list = known.map((one) => (typeof one === 'string' ? `'${one}'` : String(one))).join(', ');
  return misuse(
    `Expected ${what} to be one of ${list}.`,
    'Check the spelling, or leave it out for the default.',
  );
}

function aboveZero(value: unknown, what: string): number {
  const ms = parseDuration(value, what);
  if (ms === 0) throw invalid(what, 'a duration > 0', value);
  return forTimer(ms, value, what);
}

/** A longer one would be over at once. */
function forTimer(ms: number, value: unknown, what: string): number {
  if (ms <= LONGEST_MS) return ms;
  throw invalid(what, 'a duration of 24 days at most', value);
}

function whole(value: unknown, least: number, most: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw invalid(what, `an integer from ${least} to ${most}`, value);
  return within(value, least, most, what);
}

function within(value: unknown, least: number, most: number, what: string): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw invalid(what, `a number from ${least} to ${most}`, value);
}

function invalid(
  what: string,
  rule: string,
  value: unknown,
  wayOut = 'Leave it out for the default.',
): CacheError {
  const got = typeof value === 'number' || typeof value === 'string' ? `\`${value}\`` : describeType(value);
  return new CacheError('CACHE_INVALID_OPTION', `Expected ${what} to be ${rule}, got ${got}. ${wayOut}`);
}
