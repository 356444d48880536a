import * as fc from 'fast-check';
import { encodePart, tryEncodePart } from '../../../src/definition/encoding.js';
import { cacheErrorOf } from './support/error-of.js';
import { hostileScalar, hostileText } from './support/hostile.js';

const ENCODED = /^(?:[A-Za-z0-9_.@+-]|%[0-9A-F]{2}|%[nue]|%sD[89A-F][0-9A-F]{2})+$/;

describe('an encoded part of a key', () => {
  it.each([
    ['bot-42_a.b', 'bot-42_a.b'],
    ['ann+news@example.org', 'ann+news@example.org'],
    ['+491701234567', '+491701234567'],
    ['a:b', 'a%3Ab'],
    ['{x}*?[1]\\%~', '%7Bx%7D%2A%3F%5B1%5D%5C%25%7E'],
    ['a b\r\n\0', 'a%20b%0D%0A%00'],
    ["!'()", '%21%27%28%29'],
    ['é', '%C3%A9'],
    ['e\u0301', 'e%CC%81'],
    ['\u{1f600}', '%F0%9F%98%80'],
    ['\ud83d', '%sD83D'],
    ['\ude00\ud83d', '%sDE00%sD83D'],
    ['\ufffd', '%EF%BF%BD'],
    ['', '%e'],
    [null, '%n'],
    [undefined, '%u'],
    ['null', 'null'],
    ['%n', '%25n'],
    [42, '42'],
    [-0, '0'],
    [1e21, '1e+21'],
    [42n, '42'],
    [true, 'true'],
    [new Date('2024-02-29T12:00:00Z'), '2024-02-29T12%3A00%3A00.000Z'],
  ])('of %p is %p', (value, expected) => {
    expect(encodePart(value)).toBe(expected);
  });

  it('holds nothing but the safe alphabet and complete escapes', () => {
    fc.assert(
      fc.property(hostileScalar, (value) => {
        expect(encodePart(value)).toMatch(ENCODED);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same for texts only if the texts are the same', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (a, b) => {
        expect(encodePart(a) === encodePart(b)).toBe(a === b);
      }),
      { numRuns: 5000 },
    );
  });

  it('of a long text is made in one go', () => {
    expect(encodePart(`${'a'.repeat(1_000_000)}:`)).toHaveLength(1_000_003);
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, 'a number'],
    [-Infinity, 'a number'],
    [new Date(NaN), 'an object (Date)'],
    [{ secret: 'hunter2' }, 'an object.'],
    [['hunter2'], 'an array'],
    [new Map([['hunter2', 1]]), 'an object (Map)'],
    [() => 'hunter2', 'a function'],
    [Symbol('hunter2'), 'a symbol'],
    [Object('hunter2'), 'an object (String)'],
    [{ constructor: { name: 'hunter2' } }, 'an object.'],
    [{ text: 'hunter2', encoded: 'hunter2' }, 'an object.'],
  ])('cannot be made of %p, and the message tells its type only', (value: unknown, type: string) => {
    expect(tryEncodePart(value)).toBeUndefined();
    const { code, message } = cacheErrorOf(() => encodePart(value as never));
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toContain(`got ${type}`);
    expect(message).not.toContain('hunter2');
  });

  it('cannot be forged by parsed JSON that looks like a ready-made part', () => {
    expect(
      tryEncodePart(JSON.parse('{"nestjs-roost:key-part":"a:b","Symbol(nestjs-roost:key-part)":"a:b"}')),
    ).toBe(undefined);
  });

  it('offers `digest` where content could be the key', () => {
    expect(cacheErrorOf(() => encodePart({} as never)).message).toContain('`digest(value)`');
    expect(cacheErrorOf(() => encodePart(NaN)).message).not.toContain('digest');
  });
});
