import { CacheError } from '../errors.js';

export function invalidValue(cause: unknown): CacheError {
  return new CacheError('CACHE_INVALID_ENTRY', 'The stored bytes are not a value of this library.', {
    cause,
  });
}
