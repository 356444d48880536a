import { CacheError } from '../errors.js';
import { describeType } from './describe-type.js';

/** What a template makes; also the word for it in messages. */
export type TemplateKind = 'key' | 'tag' | 'pattern';

/** All but printable ASCII less what Redis patterns, cluster slots and the encoding use. */
const FORBIDDEN = /[^!-$&-)+->@-Z^-z|]/u;

/** A character that no encoded value holds, so that it marks where one ends. */
const SEPARATOR = /[^A-Za-z0-9_.@+-]/;

/** Takes the place of an interpolation; it is forbidden in literal text. */
const HOLE = '\0';

/**
 * Checks the literal text of a template, once per place in the code that has one.
 *
 * @throws CacheError `CACHE_INVALID_KEY` with the template's text, which is code and no user's data
 */
export function checkLiterals(kind: TemplateKind, strings: TemplateStringsArray): void {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected \`${kind}\` to stand before a template, got a call with ${describeType(strings)}. ` +
        `Write ${kind}\`bot:\${id}\` without parentheses.`,
    );
  }
  // An escape that JavaScript does not know leaves no text but its raw one, whose `\` is refused below.
  const literals = strings.map((text: string | undefined, index) => text ?? strings.raw[index] ?? '');
  const problem = problemOf(kind, literals);
  if (problem !== undefined) {
    const { rule, found, way } = problem;
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected ${describeTemplate(kind, strings)} to ${rule}, got ${found}. ${way}`,
    );
  }
}

interface Problem {
  readonly rule: string;
  readonly found: string;
  readonly way: string;
}

function problemOf(kind: TemplateKind, literals: readonly string[]): Problem | undefined {
  if (literals.length === 1 && literals[0] === '') {
    return { rule: 'hold some text', found: 'none', way: 'Name what is cached, such as `characters:list`.' };
  }
  return (
    forbiddenCharacter(kind, literals) ??
    missingSeparator(literals) ??
    (kind === 'pattern' ? misplacedStar(literals) : undefined)
  );
}

function forbiddenCharacter(kind: TemplateKind, literals: readonly string[]): Problem | undefined {
  const text = literals.join('');
  const found = FORBIDDEN.exec(kind === 'pattern' ? text.replaceAll('*', '') : text)?.[0];
  if (found === undefined) return undefined;
  return {
    rule: `hold only printable ASCII without spaces and { } ? [ ] \\ % ~${kind === 'pattern' ? '' : ' *'}`,
    found: describeCharacter(found),
    way: `If it is data, interpolate it.${found === '*' ? ' If it is a wildcard, use `pattern`.' : ''}`,
  };
}

function missingSeparator(literals: readonly string[]): Problem | undefined {
  if (literals.slice(1, -1).every((text) => SEPARATOR.test(text))) return undefined;
  return {
    rule: 'have a separator between two interpolations',
    found: 'text that a value may hold, too, so that different values could give one key',
    way: 'Put a `:` between them.',
  };
}

function misplacedStar(literals: readonly string[]): Problem | undefined {
  const segment = misplacedWildcard(literals.join(HOLE));
  if (segment === undefined) return undefined;
  return {
    rule: 'have `*` as a whole segment (a:*:b), or once as the very last character (a:* or a*)',
    found: `\`${segment.replaceAll(HOLE, '${…}')}\``,
    way: 'Segments are what stands between colons.',
  };
}

/** The first segment whose `*` stands where it has no meaning. */
export function misplacedWildcard(text: string): string | undefined {
  const segments = text.split(':');
  return segments.find((segment, index) => {
    const star = segment.indexOf('*');
    const isLast = index === segments.length - 1;
    return star !== -1 && segment !== '*' && !(isLast && star === segment.length - 1);
  });
}

/** A template as it stands in the code: key `bot:${…}:details`. */
export function describeTemplate(kind: TemplateKind, strings: TemplateStringsArray): string {
  return `${kind} \`${strings.raw.map(escapeUnprintable).join('${…}')}\``;
}

function describeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code > 0x20 && code < 0x7f ? `\`${character}\`` : name;
}

function escapeUnprintable(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
