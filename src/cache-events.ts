import type { Evictable } from './definition/target.js';

/**
 * The events that rules evict for, and what they carry. Empty until you declare your own, next to your rules:
 *
 * @example
 * declare module 'nestjs-roost' {
 *   interface CacheEventMap {
 *     'payment.success': { readonly userId: string };
 *   }
 * }
 */
export interface CacheEventMap {}

/** The name of an event that has been declared. */
export type CacheEventName = Extract<keyof CacheEventMap, string>;

/** What an event carries; none, where that may be undefined. */
export type CachePayload<Event extends CacheEventName> = undefined extends CacheEventMap[Event]
  ? [payload?: CacheEventMap[Event]]
  : [payload: CacheEventMap[Event]];

/** What an event makes obsolete, for events that have been declared. May be looked up first. */
export type CacheRules = {
  readonly [Event in CacheEventName]?: (
    payload: CacheEventMap[Event],
  ) => readonly Evictable[] | Promise<readonly Evictable[]>;
};
