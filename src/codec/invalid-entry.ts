import { CacheError } from '../errors.js';

/** @param problem what is wrong with it: one of a few texts, none of them with anything of its content */
export function invalidEntry(problem: string, options?: { readonly cause?: unknown }): CacheError {
  const message = `Not an entry that this version can read or write: ${problem}.`;
  return new CacheError('CACHE_INVALID_ENTRY', message, options);
}
