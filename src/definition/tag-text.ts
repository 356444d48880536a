import { describeType } from './describe-type.js';
import { MAX_KEY_LENGTH } from './key-length.js';
import type { CacheTag } from './template.js';

/**
 * What the `tag` template makes: literal text, encoded values, the digest of a tag that was cut. Not what the
 * library's own tags look like, which would evict a whole cache.
 */
const TAG_TEXT = /^(?:[!-$&-)+->@-Z^-z|~]|%[0-9A-F]{2}|%[nue~]|%sD[89A-F][0-9A-F]{2})+$/;

/**
 * What keeps something from being a list of tags, in the words of an error message; `undefined` when it is one. For
 * what comes from functions that no compiler has checked.
 */
export function faultOfTags(tags: unknown): string | undefined {
  if (!Array.isArray(tags)) return describeType(tags);
  if (tags.every(isTag)) return undefined;
  const other: unknown = tags.find((tag) => !isTag(tag));
  return `${typeof other === 'string' ? 'another text' : describeType(other)} among them`;
}

/** Whether this may have been made by the `tag` template. */
export function isTag(value: unknown): value is CacheTag {
  return typeof value === 'string' && value.length <= MAX_KEY_LENGTH && TAG_TEXT.test(value);
}
