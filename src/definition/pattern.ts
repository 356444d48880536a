import { CacheError } from '../errors.js';
import { headOfCut, limitLength, visibleHead } from './key-length.js';
import { misplacedWildcard } from './literals.js';

/** What `CachePattern.text` can be: literal text, encoded values, wildcards. */
const PATTERN_TEXT = /^(?:[!-$&->@-Z^-z|~]|%[0-9A-F]{2}|%[nue]|%sD[89A-F][0-9A-F]{2})+$/;

/** How a pattern goes on after its last fixed or whole-`*` segment. */
type Ending =
  /** Not at all. */
  | 'exact'
  /** `bot:1*`: there, or anywhere below. */
  | 'subtree'
  /** `bot:1:*`: anywhere below. */
  | 'below';

/**
 * Names a group of keys by the segments between their colons. Made with the `pattern` template.
 *
 * - `session:*:42`: a `*` between colons stands for exactly one segment.
 * - `bots:org:1:*`: at the end it stands for one segment or more.
 * - `bot:1*`: directly behind text it means that key and everything below it. Never `bot:10`.
 * - Without a `*` it names one key.
 */
export class CachePattern {
  /** The pattern with its encoded values; {@link parsePattern} reads it back. */
  readonly text: string;
  /** What all matching keys begin with. */
  readonly prefix: string;
  readonly #segments: readonly string[];
  readonly #ending: Ending;

  /** @internal Use the `pattern` template. */
  constructor(text: string) {
    const star = text.indexOf('*');
    this.text = text;
    this.prefix = visibleHead(star === -1 ? text : text.slice(0, star));
    const segments = text.split(':');
    const last = segments.pop() ?? '';
    this.#ending = last === '*' ? 'below' : last.endsWith('*') ? 'subtree' : 'exact';
    if (this.#ending === 'exact') segments.push(last);
    else if (this.#ending === 'subtree') segments.push(last.slice(0, -1));
    this.#segments = segments;
    Object.freeze(this);
  }

  /**
   * Whether the pattern names this key. Of a key that was cut to its head and a digest the rest is unknown: it
   * matches unless its head rules that out, because evicting too much is safe and too little is not.
   */
  matches(key: string): boolean {
    if (!key.startsWith(this.prefix)) return false;
    if (this.#ending === 'exact' && !this.text.includes('*')) return key === limitLength(this.text);
    const head = headOfCut(key);
    return head === undefined ? this.#matchesWhole(key.split(':')) : this.#mayMatch(head.split(':'));
  }

  #matchesWhole(key: readonly string[]): boolean {
    const known = this.#segments.length;
    if (!this.#segments.every((segment, index) => fits(segment, key[index]))) return false;
    if (this.#ending === 'exact') return key.length === known;
    // What lies below is at least one character: `bots:` has nothing below `bots:*`.
    return this.#ending === 'subtree' || key.length > known + 1 || (key[known] ?? '') !== '';
  }

  #mayMatch(head: readonly string[]): boolean {
    const complete = head.length - 1;
    const torn = head[complete] ?? '';
    if (this.#ending === 'exact' && head.length > this.#segments.length) return false;
    return this.#segments.every((segment, index) => {
      if (index < complete) return fits(segment, head[index]);
      return index > complete || segment === '*' || segment.startsWith(torn);
    });
  }
}

/** Whether a text is that of a pattern. */
export function isPattern(text: unknown): boolean {
  return typeof text === 'string' && PATTERN_TEXT.test(text) && misplacedWildcard(text) === undefined;
}

/**
 * Makes a pattern from the {@link CachePattern.text} of another one, which may come from another process.
 *
 * @throws CacheError `CACHE_INVALID_KEY` when no pattern has such a text
 */
export function parsePattern(text: string): CachePattern {
  if (!isPattern(text)) {
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected the text of a pattern as \`CachePattern.text\` gives it, got another ${typeof text}. ` +
        'Patterns are made with pattern`bots:org:${orgId}:*`.',
    );
  }
  return new CachePattern(text);
}

function fits(segment: string, actual: string | undefined): boolean {
  return segment === '*' ? actual !== undefined && actual !== '' : segment === actual;
}
