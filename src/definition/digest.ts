import { canonicalize } from './canonical.js';
import { sha256 } from './sha256.js';

/**
 * A fixed-size stand-in for a value of any size, for keys by content: the SHA-256 of the value's canonical form,
 * as 64 hex digits. Equal values have equal digests, in every process and every version of Node; what counts as
 * equal is told at {@link canonicalize}.
 *
 * @example
 * key`ai:${model}:${digest({ prompt, temperature })}`
 *
 * @throws CacheError `CACHE_INVALID_KEY` when the value holds something without content, such as a function.
 */
export function digest(value: unknown): string {
  return sha256(canonicalize(value, 'the value given to `digest`'), 'hex');
}
