import { encodeText, invalidPart, tryEncodePart, type KeyPartInput } from './encoding.js';
import { limitLength, MAX_KEY_LENGTH } from './key-length.js';
import { checkLiterals, describeTemplate, type TemplateKind } from './literals.js';
import { CachePattern } from './pattern.js';

export { CachePattern, parsePattern } from './pattern.js';

declare const brand: unique symbol;

/** The text that names an entry inside the namespace. Only the {@link key} template makes one. */
export type CacheKey = string & { readonly [brand]: 'key' };

/** A label on entries, for evicting them together. Only the {@link tag} template makes one. */
export type CacheTag = string & { readonly [brand]: 'tag' };

/** Templates whose literal text was checked; there is one array of strings per place in the code. */
const checkedTexts = new WeakSet<TemplateStringsArray>();
const checkedPatterns = new WeakSet<TemplateStringsArray>();
/** The one that was used last: mostly it is used again. */
let lastChecked: TemplateStringsArray | undefined;

/**
 * Makes the key of an entry. Literal text is kept, each interpolation is encoded, so that no value can run into
 * its neighbours, and no two lists of values give one key.
 *
 * A number and its text are the same; `null`, `undefined`, `''` and the texts 'null' and 'undefined' all differ.
 * A key over 200 bytes keeps its head and ends in the SHA-256 of the whole.
 *
 * @example
 * key`bot:${botId}:details` // bot:42:details
 *
 * @throws CacheError `CACHE_INVALID_KEY` when a value cannot stand in a key, or the literal text breaks a rule:
 * printable ASCII without spaces and `{ } ? [ ] \ % ~ *`, and a separator such as `:` between two interpolations.
 */
export function key(strings: TemplateStringsArray, ...parts: KeyPartInput[]): CacheKey {
  return limited('key', strings, parts) as CacheKey;
}

/**
 * Makes a tag. Same rules as {@link key}.
 *
 * @example
 * tag`org:${orgId}:bots`
 *
 * @throws CacheError `CACHE_INVALID_KEY` as `key` does
 */
export function tag(strings: TemplateStringsArray, ...parts: KeyPartInput[]): CacheTag {
  return limited('tag', strings, parts) as CacheTag;
}

/**
 * Makes a pattern that names a group of keys, see {@link CachePattern} for what `*` means. Only a `*` in the
 * literal text is a wildcard; in an interpolation it is data.
 *
 * @example
 * pattern`bot:${botId}*`         // that bot's key and all below it, never another bot's
 * pattern`session:*:${userId}`   // one segment of any text
 *
 * @throws CacheError `CACHE_INVALID_KEY` as `key` does, and for a `*` in the middle of a segment
 */
export function pattern(strings: TemplateStringsArray, ...parts: KeyPartInput[]): CachePattern {
  if (!checkedPatterns.has(strings)) {
    checkLiterals('pattern', strings);
    checkedPatterns.add(strings);
  }
  return new CachePattern(join('pattern', strings, parts));
}

function limited(kind: 'key' | 'tag', strings: TemplateStringsArray, parts: readonly unknown[]): string {
  if (strings !== lastChecked && !checkedTexts.has(strings)) {
    checkLiterals(kind, strings);
    checkedTexts.add(strings);
  }
  lastChecked = strings;
  const text = join(kind, strings, parts);
  return text.length > MAX_KEY_LENGTH ? limitLength(text) : text;
}

function join(kind: TemplateKind, strings: TemplateStringsArray, parts: readonly unknown[]): string {
  let text = strings[0] ?? '';
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    const encoded = typeof part === 'string' ? encodeText(part) : tryEncodePart(part);
    if (encoded === undefined) {
      const where = `interpolation ${index + 1} of ${describeTemplate(kind, strings)}`;
      throw invalidPart(parts[index], where);
    }
    text += encoded + (strings[index + 1] ?? '');
  }
  return text;
}
