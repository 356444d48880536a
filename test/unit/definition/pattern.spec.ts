import * as fc from 'fast-check';
import { CachePattern, key, parsePattern, pattern } from '../../../src/definition/template.js';
import { headOfCut } from '../../../src/definition/key-length.js';
import { cacheErrorOf } from './support/error-of.js';
import { hostileText, literalsOf } from './support/hostile.js';

describe('a pattern', () => {
  it('`bot:1*` names bot 1 and what lies below it, never bot 10', () => {
    const bot = pattern`bot:${1}*`;
    expect(['bot:1', 'bot:1:details', 'bot:1:stats:day'].every((text) => bot.matches(text))).toBe(true);
    expect(
      ['bot:10', 'bot:10:details', 'bot:1x', 'bot:', 'bot', 'robot:1'].some((text) => bot.matches(text)),
    ).toBe(false);
  });

  it('`bots:org:1:*` names what lies below, and not the place itself', () => {
    const pages = pattern`bots:org:${1}:*`;
    expect(['bots:org:1:page:1', 'bots:org:1:x', 'bots:org:1::'].every((text) => pages.matches(text))).toBe(
      true,
    );
    expect(
      ['bots:org:1', 'bots:org:1:', 'bots:org:10:x', 'bots:org:2:x'].some((text) => pages.matches(text)),
    ).toBe(false);
  });

  it('`session:*:42` has one segment of any text in the middle', () => {
    const sessions = pattern`session:*:${42}`;
    expect(sessions.matches('session:abc:42')).toBe(true);
    const others = ['session:42', 'session::42', 'session:a:b:42', 'session:abc:42:x', 'session:abc:421'];
    expect(others.some((text) => sessions.matches(text))).toBe(false);
  });

  it('`*` names everything, `*:list` all lists', () => {
    expect(['a', 'a:b', 'a:b:c'].every((text) => pattern`*`.matches(text))).toBe(true);
    expect(pattern`*:list`.matches('characters:list')).toBe(true);
    expect(pattern`*:list`.matches('a:characters:list')).toBe(false);
    expect(pattern`*:1*`.matches('bot:1:details')).toBe(true);
  });

  it('without a `*` names that key alone', () => {
    expect(pattern`org:${1}:bots`.matches(key`org:${1}:bots`)).toBe(true);
    expect(pattern`org:${1}:bots`.matches('org:1:bots:x')).toBe(false);
    expect(pattern`org:${1}:bots`.matches('org:1')).toBe(false);
  });

  it('takes a `*` of a user as text', () => {
    expect(pattern`bot:${'*'}`.matches('bot:1')).toBe(false);
    expect(pattern`bot:${'*'}`.matches(key`bot:${'*'}`)).toBe(true);
    expect(pattern`bot:${'1*'}*`.matches('bot:1:details')).toBe(false);
    expect(pattern`bot:${'1:*'}`.matches(key`bot:${'1:*'}`)).toBe(true);
  });

  it.each(['a*b', '*a', 'a**', '**', 'a*:b', '*a:b', 'a:*b:c', 'a:b*:*', '**:a', '*a*'])(
    'is not %p',
    (text) => {
      const { code, message } = cacheErrorOf(() => pattern(literalsOf(text)));
      expect(code).toBe('CACHE_INVALID_KEY');
      expect(message).toContain('as a whole segment');
    },
  );

  it('has no `*` inside a segment with an interpolation, but behind the last one', () => {
    expect(cacheErrorOf(() => pattern`a:*${1}`).message).toContain('got `*${…}`');
    expect(cacheErrorOf(() => pattern`a:${1}*:b`).message).toContain('got `${…}*`');
    expect(cacheErrorOf(() => pattern`a:${1}*${2}`).message).toContain('got `${…}*${…}`');
    expect(pattern`a:x${1}*`.matches('a:x1:b')).toBe(true);
  });

  it('has the fixed text before its first `*` as prefix', () => {
    expect(pattern`bot:${1}*`.prefix).toBe('bot:1');
    expect(pattern`bots:org:${'a b'}:*`.prefix).toBe('bots:org:a%20b:');
    expect(pattern`session:*:${42}`.prefix).toBe('session:');
    expect(pattern`*`.prefix).toBe('');
    expect(pattern`org:${1}:bots`.prefix).toBe('org:1:bots');
  });

  it('is rebuilt from its text', () => {
    for (const made of [pattern`bot:${'1:*'}*`, pattern`a:*:${null}:*`, pattern`x:${'\ud83d'}`, pattern`*`]) {
      const rebuilt = parsePattern(made.text);
      expect(rebuilt).toBeInstanceOf(CachePattern);
      expect([rebuilt.text, rebuilt.prefix]).toEqual([made.text, made.prefix]);
    }
  });

  it.each(['', 'a b', 'a*b', 'a%', 'a%3a', 'a%zz', 'a%~b', '{a}', 'a?', 'a\n', 'bó:*', 42, null, undefined])(
    'is not rebuilt from %p, which the message does not repeat',
    (text) => {
      const { code, message } = cacheErrorOf(() => parsePattern(text as string));
      expect(code).toBe('CACHE_INVALID_KEY');
      expect(message).toContain(`got another ${typeof text}`);
    },
  );

  it('cannot be changed', () => {
    expect(Object.isFrozen(pattern`a:*`)).toBe(true);
  });
});

/** A pattern as a list, before anything was encoded: the values of its segments, and how it ends. */
interface Shape {
  readonly segments: readonly (string | typeof ANY)[];
  readonly ending: '' | '*' | ':*';
}
const ANY = Symbol('any');

/** What a shape names among keys that are lists of values, by its definition. */
function names({ segments, ending }: Shape, values: readonly string[]): boolean {
  const fitsSoFar = segments.every((segment, index) =>
    segment === ANY ? index < values.length : segment === values[index],
  );
  if (!fitsSoFar) return false;
  if (ending === '') return values.length === segments.length;
  return ending === '*' ? values.length >= segments.length : values.length > segments.length;
}

function patternOf({ segments, ending }: Shape): CachePattern {
  const literals = [''];
  const parts: string[] = [];
  segments.forEach((segment, index) => {
    const colon = index === 0 ? '' : ':';
    if (segment === ANY) literals.push(`${literals.pop()}${colon}*`);
    else literals.push(`${literals.pop()}${colon}`, '') && parts.push(segment);
  });
  literals.push(`${literals.pop()}${ending}`);
  return pattern(literalsOf(...literals), ...parts);
}

function keyOf(values: readonly string[]): string {
  return key(literalsOf('', ...values.slice(1).map(() => ':'), ''), ...values);
}

const smallValue = fc.oneof(fc.constantFrom('1', '10', 'a', '*', ':', '1:a', 'é', ''), hostileText);
const longValue = fc
  .tuple(fc.integer({ min: 0, max: 60 }), smallValue)
  .map(([length, value]) => 'é1'.repeat(length) + value);

/** A list of values for a key, and a shape that is made from the same values and therefore often fits. */
function pairs(value: fc.Arbitrary<string>): fc.Arbitrary<{ values: string[]; shape: Shape }> {
  return fc.array(value, { minLength: 1, maxLength: 5 }).chain((values) =>
    fc.record({
      values: fc.constant(values),
      shape: fc
        .record({
          length: fc.integer({ min: 1, max: values.length + 1 }),
          choices: fc.array(fc.oneof(fc.constant('same'), fc.constant(ANY), value), {
            minLength: 6,
            maxLength: 6,
          }),
          ending: fc.constantFrom('' as const, '*' as const, ':*' as const),
        })
        .map(({ length, choices, ending }): Shape => {
          const segments = choices
            .slice(0, length)
            .map((choice, index) => (choice === 'same' ? (values[index] ?? 'more') : choice));
          // `…:**` is no pattern: what ends in a whole `*` goes on below it as `:*`.
          return { segments, ending: segments.at(-1) === ANY && ending === '*' ? ':*' : ending };
        })
        // A last segment `*` would mean "one or more", which the endings say already.
        .filter(({ segments, ending }) => !(segments.at(-1) === ANY && ending === '')),
    }),
  );
}

describe('patterns in general', () => {
  it('name exactly the keys that their segments say', () => {
    fc.assert(
      fc.property(pairs(smallValue), ({ values, shape }) => {
        const text = keyOf(values);
        fc.pre(headOfCut(text) === undefined);
        const made = patternOf(shape);
        expect(made.matches(text)).toBe(names(shape, values));
        expect(parsePattern(made.text).matches(text)).toBe(names(shape, values));
        if (names(shape, values)) expect(text.startsWith(made.prefix)).toBe(true);
      }),
      { numRuns: 4000 },
    );
  });

  it('miss no key that was cut to its head and a digest', () => {
    let cut = 0;
    let matched = 0;
    fc.assert(
      fc.property(pairs(longValue), ({ values, shape }) => {
        const text = keyOf(values);
        if (headOfCut(text) === undefined) return;
        cut += 1;
        if (!names(shape, values)) return;
        matched += 1;
        const made = patternOf(shape);
        expect(made.matches(text)).toBe(true);
        expect(text.startsWith(made.prefix)).toBe(true);
      }),
      { numRuns: 4000 },
    );
    expect(cut).toBeGreaterThan(1000);
    expect(matched).toBeGreaterThan(100);
  });

  it('have a prefix that no cut key outruns, at any position of any escape', () => {
    for (const character of [':', 'é', '\ud83d', 'x']) {
      for (let filler = 140; filler < 210; filler += 1) {
        const start = 'x'.repeat(filler);
        const text = key`${start}:${character.repeat(80)}:end`;
        for (const made of [
          pattern`${start}*`,
          pattern`${start}:*`,
          pattern`${start}:${character.repeat(80)}:*`,
        ]) {
          expect(text.startsWith(made.prefix)).toBe(true);
          expect(made.matches(text)).toBe(true);
        }
      }
    }
  });

  it('have such a prefix also when it ends in an escape of two characters', () => {
    for (const nothing of [null, undefined, '']) {
      for (let filler = 140; filler < 160; filler += 1) {
        const start = 'x'.repeat(filler);
        const text = key`${start}:${nothing}:${'y'.repeat(80)}`;
        const made = pattern`${start}:${nothing}*`;
        expect(text.startsWith(made.prefix)).toBe(true);
        expect(made.matches(text)).toBe(true);
      }
    }
  });

  it('leave a cut key alone when its head rules it out', () => {
    const long = 'x'.repeat(300);
    const text = key`bots:org:${1}:search:${long}`;
    expect(pattern`bots:org:${1}:*`.matches(text)).toBe(true);
    expect(pattern`bots:*:${1}:*`.matches(text)).toBe(true);
    expect(pattern`bots:org:${1}*`.matches(text)).toBe(true);
    expect(pattern`bots:org:*:search:${`${long}y`}*`.matches(text)).toBe(true);
    expect(pattern`bots:org:${2}:*`.matches(text)).toBe(false);
    expect(pattern`bots:org:${10}*`.matches(text)).toBe(false);
    expect(pattern`*:${1}:search:*`.matches(text)).toBe(false);
    expect(pattern`bots:org:*:search`.matches(text)).toBe(false);
    expect(pattern`bots:*:${1}`.matches(text)).toBe(false);
    expect(pattern`bots:org:*:search:${'y'}*`.matches(text)).toBe(false);
  });

  it('without a `*` know a key exactly at every length', () => {
    for (let length = 190; length < 205; length += 1) {
      const id = 'x'.repeat(length);
      expect(pattern`${id}`.matches(key`${id}`)).toBe(true);
      expect(pattern`${id}`.matches(key`${`${id}x`}`)).toBe(false);
    }
  });

  it('without a `*` know a cut key exactly', () => {
    const long = 'x'.repeat(300);
    expect(pattern`bot:${long}`.matches(key`bot:${long}`)).toBe(true);
    expect(pattern`bot:${`${long}y`}`.matches(key`bot:${long}`)).toBe(false);
  });
});
