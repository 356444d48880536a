import { CacheError } from '../errors.js';
import { invalidPart, tryEncodePart, type KeyScalar } from './encoding.js';
import { encodedTextOf, keyPart, type KeyPart } from './key-part.js';

/**
 * Reserved: in no literal text and in no encoded value. With a `:` instead, `unordered(a, b)` beside `c` would be
 * `a` beside `unordered(b, c)`, and a `*` of a pattern would stand for half of the pair.
 */
const JOINER = '~';

/**
 * Several values whose order makes no difference, as one part of a key: the compatibility of a and b is that of
 * b and a. The values are encoded, sorted and joined by `~`; to a pattern they are one segment.
 *
 * @example
 * key`compat:${unordered(userId, otherId)}` // compat:ann~bob, whoever asks
 *
 * @throws CacheError `CACHE_INVALID_KEY` for fewer than two values, or one that no key can hold.
 */
export function unordered(...values: readonly [KeyScalar, KeyScalar, ...KeyScalar[]]): KeyPart {
  if (values.length < 2) {
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected \`unordered\` to get two values or more, got ${values.length}. ` +
        'Interpolate a single value as it is.',
    );
  }
  return keyPart(values.map(encodeMember).toSorted().join(JOINER));
}

function encodeMember(value: unknown, index: number): string {
  const nested = typeof value === 'object' && value !== null && encodedTextOf(value) !== undefined;
  const encoded = nested ? undefined : tryEncodePart(value);
  if (encoded === undefined) throw invalidPart(value, `value ${index + 1} of \`unordered\``);
  return encoded;
}
