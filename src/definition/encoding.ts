import { types } from 'node:util';
import { CacheError } from '../errors.js';
import { describeType } from './describe-type.js';
import { encodedTextOf, type KeyPart } from './key-part.js';

/** The single values that a key can be made of. */
export type KeyScalar = string | number | bigint | boolean | Date | null | undefined;

/** What a `key`, `tag` or `pattern` template takes between `${` and `}`. */
export type KeyPartInput = KeyScalar | KeyPart;

/**
 * These stay as they are, so that ids, e-mail addresses and phone numbers can be read in redis-cli. None of them
 * means anything to Redis, to its glob patterns or to the layout of keys.
 */
const SAFE_TEXT = /^[A-Za-z0-9_.@+-]+$/;
const UNSAFE_CHARACTER = /[^A-Za-z0-9_.@+-]/gu;

/**
 * Encodes one value for a key, a tag or a pattern. The result is ASCII and holds none of the characters that
 * templates allow as separators.
 *
 * - A number, bigint or boolean is its text (42 and '42' are the same, -0 is 0), a Date its ISO text.
 * - Text keeps `A-Z a-z 0-9 _ . @ + -`; the rest becomes the percent-encoded bytes of its UTF-8 (`%C3%A9`). Half
 *   of a surrogate pair, which has no UTF-8, becomes `%sD83D`.
 * - `null`, `undefined` and `''` are `%n`, `%u` and `%e`, which no text produces: its hex digits are uppercase.
 *
 * @throws CacheError `CACHE_INVALID_KEY` for NaN, the infinities, invalid dates, and everything else.
 */
export function encodePart(value: KeyPartInput): string {
  const encoded = tryEncodePart(value);
  if (encoded === undefined) throw invalidPart(value, 'a part of a key');
  return encoded;
}

/** Like {@link encodePart}, but `undefined` for what cannot be encoded: the caller knows better what to say. */
export function tryEncodePart(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return encodeText(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return '%u';
    case 'object':
      if (value === null) return '%n';
      if (types.isDate(value))
        return Number.isNaN(value.getTime()) ? undefined : encodeText(value.toISOString());
      return encodedTextOf(value);
    default:
      return undefined;
  }
}

/** The encoding of a text; see {@link encodePart}. */
export function encodeText(text: string): string {
  if (SAFE_TEXT.test(text)) return text;
  return text === '' ? '%e' : text.replace(UNSAFE_CHARACTER, escapeCharacter);
}

/** The error for a value without an encoding. `where` says which one: "interpolation 1 of key `bot:${…}`". */
export function invalidPart(value: unknown, where: string): CacheError {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const way =
    !isObject || types.isDate(value)
      ? 'Check the value before the key is made of it.'
      : 'Interpolate its id, or `digest(value)` to key by its whole content.';
  return new CacheError(
    'CACHE_INVALID_KEY',
    `Expected ${where} to be a string, a finite number, a bigint, a boolean, a valid Date, null or undefined, ` +
      `got ${describeType(value)}. ${way}`,
  );
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `%${hex(code).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return `%s${hex(code)}`;
  return encodeURIComponent(character);
}

function hex(code: number): string {
  return code.toString(16).toUpperCase();
}
