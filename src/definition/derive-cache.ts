import type { AnyCachePolicy, CacheDefinition } from './define-cache.js';

/** The fields of a policy that say how entries live. Users of one cache may differ in them, and in no others. */
export const LIFETIME_FIELDS = [
  'ttl',
  'jitter',
  'nullTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'refreshAhead',
  'softTimeout',
  'hardTimeout',
] as const satisfies readonly (keyof AnyCachePolicy)[];

/** How entries live. */
export type Lifetimes = Partial<Pick<AnyCachePolicy, (typeof LIFETIME_FIELDS)[number]>>;

/** A variant of a definition: the same cache, keys, tags and stores, with entries that live as told. */
export function deriveCache<Args extends readonly unknown[], Value>(
  definition: CacheDefinition<Args, Value>,
  lifetimes: Lifetimes,
): CacheDefinition<Args, Value> {
  const policy = Object.freeze({ ...definition.policy, ...lifetimes });
  return Object.freeze({ ...definition, policy, derivedFrom: definition.derivedFrom ?? definition });
}
