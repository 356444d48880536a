import type { CacheDefinition } from './define-cache.js';
import type { CachePattern, CacheTag } from './template.js';

/** One entry of a cache, or all of them: `botDetails.at(botId)`, `botDetails.all()`. */
export interface CacheTarget {
  /** The cache. */
  readonly of: CacheDefinition<readonly unknown[]>;
  /** The arguments of the entry's key; `undefined` stands for all entries. */
  readonly args: readonly unknown[] | undefined;
}

/** Whatever can be evicted: a tag, a pattern, an entry of a cache, or all of them. */
export type Evictable = CacheTag | CachePattern | CacheTarget;

export function target<Args extends readonly unknown[]>(
  definition: CacheDefinition<Args>,
  args: Args | undefined,
): CacheTarget {
  return Object.freeze({ of: definition as CacheDefinition<readonly unknown[]>, args });
}

/** Whether this is what `at` or `all` of a definition give. Not told by class: two builds may meet in one process. */
export function isTarget(value: unknown): value is CacheTarget {
  if (typeof value !== 'object' || value === null || !('of' in value) || !('args' in value)) return false;
  const { name, key } = (value.of ?? {}) as Partial<CacheDefinition>;
  return (
    typeof name === 'string' &&
    typeof key === 'function' &&
    (value.args === undefined || Array.isArray(value.args))
  );
}
