import * as fc from 'fast-check';
import type { KeyPartInput } from '../../../src/definition/encoding.js';
import { digest } from '../../../src/definition/digest.js';
import { key, pattern, tag } from '../../../src/definition/template.js';
import { unordered } from '../../../src/definition/unordered.js';
import { cacheErrorOf } from './support/error-of.js';
import { hostileScalar, literalsOf } from './support/hostile.js';

/** Every way to write a template with two interpolations that is allowed. */
const TEMPLATES: ((a: KeyPartInput, b: KeyPartInput) => string)[] = [
  (a, b) => key`${a}:${b}`,
  (a, b) => key`bots:org:${a}:page:${b}`,
  (a, b) => key`x${a}n:e${b}y`,
  (a, b) => key`${a}1/${b}`,
  (a, b) => key`${a}|:|${b}:`,
  (a, b) => tag`org:${a},${b}`,
  (a, b) => pattern`org:${a}:${b}*`.text,
];

describe('a key', () => {
  it('keeps its literal text and encodes what is interpolated', () => {
    expect(key`characters:list`).toBe('characters:list');
    expect(key`bot:${42}:details`).toBe('bot:42:details');
    expect(key`bot${7}x`).toBe('bot7x');
    expect(key`bots:org:${1}:page:${2}:search:${'a:b*'}`).toBe('bots:org:1:page:2:search:a%3Ab%2A');
  });

  it('of a number is that of its text, while nothing, null and empty differ', () => {
    const bot = (id: KeyPartInput) => key`bot:${id}`;
    expect(bot(42)).toBe(bot('42'));
    expect(bot(42n)).toBe(bot('42'));
    expect(bot(-0)).toBe(bot(0));
    expect(bot(true)).toBe(bot('true'));
    expect(bot(new Date(0))).toBe(bot('1970-01-01T00:00:00.000Z'));
    const different = [null, undefined, '', 'null', 'undefined', 0, false, '%n', '%u', '%e', ' '].map(bot);
    expect(new Set(different).size).toBe(different.length);
  });

  it.each(TEMPLATES.map((make, index) => [index, make] as const))(
    'is never that of other values (template %i)',
    (_index, make) => {
      // What the values are, told by their types and not by their encoding.
      const identity = (value: unknown): string =>
        value === null || value === undefined
          ? `nothing ${value}`
          : `text ${value instanceof Date ? value.toISOString() : String(value)}`;
      const scalar = hostileScalar.map((value) => ({ part: value as KeyPartInput, id: [identity(value)] }));
      const group = fc.tuple(hostileScalar, hostileScalar).map(([a, b]) => ({
        part: unordered(a, b) as KeyPartInput,
        id: [identity(a), identity(b)].toSorted(),
      }));
      const part = fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 1, arbitrary: group });
      fc.assert(
        fc.property(part, part, part, part, (a, b, c, d) => {
          const isSame = JSON.stringify([a.id, b.id]) === JSON.stringify([c.id, d.id]);
          expect(make(a.part, b.part) === make(c.part, d.part)).toBe(isSame);
        }),
        { numRuns: 2000 },
      );
    },
  );

  it('cannot be made of what has no text, and the message names place and type, not the value', () => {
    const secret: unknown = { password: 'hunter2' };
    const { code, message } = cacheErrorOf(() => key`bot:${'hunter2'}:page:${secret as string}:x`);
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toBe(
      'Expected interpolation 2 of key `bot:${…}:page:${…}:x` to be a string, a finite number, a bigint, ' +
        'a boolean, a valid Date, null or undefined, got an object. Interpolate its id, or `digest(value)` ' +
        'to key by its whole content.',
    );
    expect(cacheErrorOf(() => tag`bot:${NaN}`).message).toContain('interpolation 1 of tag `bot:${…}`');
    expect(cacheErrorOf(() => pattern`bot:${Infinity}*`).message).toContain('of pattern `bot:${…}*`');
  });

  it('can be made of a digest', () => {
    expect(key`ai:${digest({ prompt: 'hi' })}`).toMatch(/^ai:[0-9a-f]{64}$/);
  });
});

describe('the literal text of a template', () => {
  it.each([
    'bot 1',
    'bot\n',
    'bot\t',
    '{bot}',
    'a}',
    'a?',
    'a[',
    'a]',
    'a\\b',
    'a%',
    'a~',
    'bót',
    '\u{1f600}',
    '\0',
    '\x7f',
  ])('is not %p, of no kind', (text) => {
    for (const make of [key, tag, pattern]) {
      const { code, message } = cacheErrorOf(() => make(literalsOf(`x:${text}`)));
      expect(code).toBe('CACHE_INVALID_KEY');
      expect(message).toContain('printable ASCII');
      expect(message).toMatch(/^[ -~…]*$/);
    }
  });

  it('may hold every other printable character', () => {
    const text = '!"#$&\'()+,-./0123456789:;<=>@ABCXYZ^_`abcxyz|';
    expect(key(literalsOf(text))).toBe(text);
    expect(tag(literalsOf(text))).toBe(text);
    expect(pattern(literalsOf(text)).text).toBe(text);
  });

  it('holds a wildcard in patterns only', () => {
    expect(cacheErrorOf(() => key`bot:*`).message).toContain('use `pattern`');
    expect(cacheErrorOf(() => tag`bot:*`).message).toContain('use `pattern`');
    expect(key`bot:${'*'}`).toBe('bot:%2A');
  });

  it('is not empty', () => {
    for (const make of [key, tag, pattern]) {
      expect(cacheErrorOf(() => make(literalsOf(''))).message).toContain('to hold some text');
    }
    expect(key`${''}`).toBe('%e');
  });

  it('separates interpolations by a character that no value holds', () => {
    for (const between of ['', '-', 'a', '.', '_', '@', '+', '-and-', '0']) {
      const { code, message } = cacheErrorOf(() => key(literalsOf('x:', between, ''), 1, 2));
      expect(code).toBe('CACHE_INVALID_KEY');
      expect(message).toContain(`key \`x:\${…}${between}\${…}\` to have a separator`);
    }
    for (const between of [':', '/', '|', ',', '-:-', '=', '&']) {
      expect(key(literalsOf('x:', between, ''), 1, 2)).toBe(`x:1${between}2`);
    }
  });

  it('is refused in raw form when JavaScript cannot read its escapes', () => {
    expect(cacheErrorOf(() => key`bot:\u:${1}`).message).toContain('`bot:\\u:${…}` to hold only');
    expect(cacheErrorOf(() => key`bot:\n:${1}`).message).toContain('got U+000A');
  });

  it('is refused every time, not only the first', () => {
    const make = () => key`bot ${1}`;
    expect(cacheErrorOf(make).message).toBe(cacheErrorOf(make).message);
  });

  it('cannot be given as an ordinary argument', () => {
    const called = key as unknown as (text: unknown) => unknown;
    for (const wrong of ['bot:1', ['bot:1'], undefined, null]) {
      expect(cacheErrorOf(() => called(wrong)).message).toContain('to stand before a template');
    }
  });
});
