import { CacheError } from '../../../../src/errors.js';

/** The CacheError that `work` throws; anything else fails the test. */
export function cacheErrorOf(work: () => unknown): CacheError {
  try {
    work();
  } catch (error) {
    if (error instanceof CacheError) return error;
    throw error;
  }
  throw new Error('Expected a CacheError, but nothing was thrown');
}
