import { CacheError } from '../errors.js';

/** Says what is wrong, and what can be done about it. */
export function misuse(message: string, ...solutions: readonly string[]): CacheError {
  const list = solutions.map((solution) => `\n- ${solution}`).join('');
  return new CacheError('CACHE_INVALID_USE', `${message}\n\nPotential solutions:${list}`);
}
