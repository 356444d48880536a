import 'reflect-metadata';
import type { CacheEventMap, CacheEventName } from '../cache-events.js';
import { describeType } from '../definition/describe-type.js';
import { describePlace } from '../decorators/decorated-method.js';
import { misuse } from '../decorators/misuse.js';
import type { EventWarmupOptions, ScheduledWarmupOptions } from './cache-warmup.options.js';
import { resolveWarmup, type ResolvedWarmup } from './cache-warmup.options.resolved.js';
import type { Warmup, WarmupRun } from './warm.js';

const METADATA = Symbol.for('nestjs-roost:warmup');

/** Marks a method that is called with these parameters and says what to warm. */
export type WarmupDecorator<Params extends readonly unknown[]> = <
  Method extends (...args: Params) => Warmup | Promise<Warmup>,
>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Marks a method of a provider that says what to warm: it returns `warm(items, each)`. While `each` runs, the cached
 * methods that it calls load and store anew.
 *
 * @example
 * @CacheWarmup({ name: 'active-bots', every: '30m', priority: 'high' })
 * activeBots(): Warmup {
 *   return warm(this.repository.idsOfActiveBots(), (id) => this.bots.getBotDetails(id));
 * }
 *
 * @throws CacheError `CACHE_INVALID_USE`, `CACHE_INVALID_OPTION` for options that break a rule, with class and method
 */
export function CacheWarmup<Event extends CacheEventName>(
  options: EventWarmupOptions<Event>,
): WarmupDecorator<[payload: CacheEventMap[Event], run: WarmupRun]>;
export function CacheWarmup(options: ScheduledWarmupOptions): WarmupDecorator<[run: WarmupRun]>;
export function CacheWarmup(options: unknown): WarmupDecorator<never> {
  return (target, property, descriptor: { readonly value?: unknown } | undefined) => {
    const place = describePlace('CacheWarmup', target, property);
    const method = descriptor?.value;
    if (typeof method !== 'function' || typeof target === 'function') {
      throw misuse(
        `Expected ${place} to stand on a method of an instance, got ${describeType(method)}.`,
        'Write it as a method: `activeBots() { return warm(ids, each); }`.',
      );
    }
    if (warmupOf(method) !== undefined) {
      throw misuse(
        `Expected ${place} to stand on a method once.`,
        'Mark a second method, and let both return the same.',
      );
    }
    Reflect.defineMetadata(METADATA, resolveWarmup(options, place), method);
  };
}

/** What a method is marked with. */
export function warmupOf(method: unknown): ResolvedWarmup | undefined {
  if (typeof method !== 'function') return undefined;
  return Reflect.getOwnMetadata(METADATA, method) as ResolvedWarmup | undefined;
}
