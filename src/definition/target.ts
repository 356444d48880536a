import type { CacheDefinition, CacheTarget } from './define-cache.js';
import type { CachePattern, CacheTag } from './template.js';

/** Whatever can be evicted: a tag, a pattern, an entry of a cache, or all of them. */
export type Evictable = CacheTag | CachePattern | CacheTarget;

/** Whether this is what the `pattern` template makes. Not told by class: two builds may meet in one process. */
export function isCachePattern(value: unknown): value is CachePattern {
  return typeof (value as CachePattern | null | undefined)?.matches === 'function';
}

/** Whether this is what `at` or `all` of a definition give; not told by class either. */
export function isTarget(value: unknown): value is CacheTarget {
  if (typeof value !== 'object' || value === null || !('of' in value) || !('args' in value)) return false;
  const { name, key } = (value.of ?? {}) as Partial<CacheDefinition>;
  const isDefinition = typeof name === 'string' && typeof key === 'function';
  return isDefinition && (value.args === undefined || Array.isArray(value.args));
}
