import { sha256 } from './sha256.js';

/** The longest key or tag in bytes, and in characters: they are all ASCII. */
export const MAX_KEY_LENGTH = 200;

/** Announces a digest. No encoded value ends in a bare `%`, and no literal text holds one. */
const DIGEST_MARK = '%~';
const DIGEST_LENGTH = 43;
const HEAD_LENGTH = MAX_KEY_LENGTH - DIGEST_MARK.length - DIGEST_LENGTH;

/** How long the escape is that goes on with this character after its `%`: `%n`, `%sD83D`; else `%C3`. */
const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { n: 2, u: 2, e: 2, s: 6 };

/** Cuts a text that is too long for a key down to its head and the digest of the whole. */
export function limitLength(text: string): string {
  if (text.length <= MAX_KEY_LENGTH) return text;
  return visibleHead(text) + DIGEST_MARK + sha256(text, 'base64url');
}

/** As much of the text as remains readable when it begins a key that is cut; no escape is torn apart. */
export function visibleHead(text: string): string {
  if (text.length <= HEAD_LENGTH) return text;
  const escapeStart = text.lastIndexOf('%', HEAD_LENGTH - 1);
  const escapeEnd = escapeStart + (ESCAPE_LENGTHS[text.charAt(escapeStart + 1)] ?? 3);
  return text.slice(0, escapeEnd > HEAD_LENGTH ? escapeStart : HEAD_LENGTH);
}

/** The head of a key that was cut; `undefined` for a key that is whole. */
export function headOfCut(key: string): string | undefined {
  const mark = key.indexOf(DIGEST_MARK);
  return mark === -1 ? undefined : key.slice(0, mark);
}
