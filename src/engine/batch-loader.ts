import { CacheError } from '../errors.js';
import type { BoundCache } from './bound-cache.js';

/** The arguments of many keys. */
export type ArgsList = readonly (readonly unknown[])[];

/** Loads the values of many argument lists, in their order. */
export type BatchLoader = (missing: ArgsList) => unknown;

/** Calls the loader, and sees that it gives one value for each argument list. */
export async function loadAll(
  { name }: BoundCache,
  argsList: ArgsList,
  loadMissing: BatchLoader,
): Promise<readonly unknown[]> {
  const values = await loadMissing(argsList);
  if (Array.isArray(values) && values.length === argsList.length) return values;
  const got = Array.isArray(values) ? `${values.length} values` : typeof values;
  throw new CacheError(
    'CACHE_INVALID_USE',
    `Expected the loader of \`getOrLoadMany\` of cache \`${name}\` to return an array of ${argsList.length} values, ` +
      `one for each missing entry in their order, got ${got}. Use null for an entry that does not exist.`,
  );
}
