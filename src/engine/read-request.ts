import type { Lifetime } from '../definition/duration.js';
import type { CacheTag } from '../definition/template.js';
import type { BoundCache } from './bound-cache.js';
import type { Patience } from './patience.js';
import type { Generation } from './generations.js';

/** How far ahead tag tokens are kept alive when only the value tells the ttl. A day. */
export const UNKNOWN_LIFETIME_MS = 86_400_000;

/** What one call asks for, beyond the definition. */
export interface ReadOverrides {
  /** Replaces the definition's ttl. */
  readonly ttl?: Lifetime | undefined;
  /** Tags in addition to the definition's. */
  readonly tags?: readonly CacheTag[] | undefined;
  /** Asked with the loaded value: `false` returns it without storing it. */
  readonly storeIf?: ((value: unknown) => boolean) | undefined;
  /** Runs the loader and neither reads nor stores. */
  readonly bypass?: boolean | undefined;
  /** Told when the call gets what its own loader gave: it was neither found, nor loaded by somebody else. */
  readonly onOwnLoad?: (() => void) | undefined;
}

/** What one call for many entries asks for, beyond the definition. */
export interface BatchOverrides extends Omit<ReadOverrides, 'storeIf' | 'onOwnLoad'> {
  /** Asked with each loaded value, and the arguments that it was loaded for. */
  readonly storeIf?: ((value: unknown, args: readonly unknown[]) => boolean) | undefined;
}

/** What it asks for one of the entries. */
export function overridesOfOne(overrides: BatchOverrides, args: readonly unknown[]): ReadOverrides {
  const { storeIf, ...others } = overrides;
  return storeIf === undefined ? others : { ...others, storeIf: (value) => storeIf(value, args) };
}

/** Everything about one read that stays the same on its way through the tiers. */
export interface ReadRequest extends ReadOverrides, Generation {
  readonly cache: BoundCache;
  readonly args: readonly unknown[];
  /** How long the call still waits for the shared store. */
  readonly patience: Patience;
}

/** The longest that an entry made for this request can live, as far as that is known before its value is. */
export function longestLifetime({ cache: { policy }, ttl }: ReadRequest): number {
  const windows = Math.max(policy.staleWhileRevalidate, policy.staleIfError);
  return (ttl === undefined && typeof policy.ttl === 'number' ? policy.ttl : UNKNOWN_LIFETIME_MS) + windows;
}

/** Without a ttl there is nothing to take turns for. */
export function neverStores({ cache: { policy }, ttl }: ReadRequest): boolean {
  return ttl === undefined && policy.ttl === 0;
}
