import * as fc from 'fast-check';
import { parseDuration, parseLifetime } from '../../../src/definition/duration.js';
import { cacheErrorOf } from './support/error-of.js';

const WHAT = '`ttl` of cache `bot-details`';

describe('a duration', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [1, 1],
    [300_000, 300_000],
    ['0s', 0],
    ['250ms', 250],
    ['300s', 300_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%p is %p milliseconds', (value, expected) => {
    expect(parseDuration(value, WHAT)).toBe(expected);
  });

  it('is whole milliseconds, and never rounded down to nothing', () => {
    expect(parseDuration(1.4, WHAT)).toBe(1);
    expect(parseDuration(1.5, WHAT)).toBe(2);
    expect(parseDuration('0.0001s', WHAT)).toBe(1);
    expect(parseDuration(Number.MIN_VALUE, WHAT)).toBe(1);
  });

  it('can be far longer than any life, but not beyond exact numbers', () => {
    expect(parseDuration('5200w', WHAT)).toBe(5200 * 604_800_000);
    expect(() => parseDuration(Number.MAX_SAFE_INTEGER, WHAT)).toThrow(/a duration >= 0/);
  });

  it.each([
    ...[
      '300',
      '',
      ' ',
      '5 m',
      ' 5m',
      '5m ',
      '5m\n',
      '5minutes',
      '5M',
      '5y',
      '-5m',
      '+5m',
      '1e3s',
      '.5s',
      '5.s',
    ],
    ...['0x10s', 'm', '1h30m', 'forever', '٣s', `${'9'.repeat(200)}s`, '9999999999999999w'],
    ...[NaN, Infinity, -Infinity, -1, -0.001, 2 ** 53],
    ...[
      null,
      undefined,
      true,
      5n,
      {},
      [],
      ['5m'],
      new Date(5),
      () => '5m',
      Symbol('5m'),
      Object.create(null),
    ],
  ])('is not %p', (value: unknown) => {
    expect(cacheErrorOf(() => parseDuration(value, WHAT)).code).toBe('CACHE_INVALID_OPTION');
  });

  it('is refused with option, rule, value and the way out', () => {
    expect(cacheErrorOf(() => parseDuration('5 m', WHAT)).message).toBe(
      'Expected `ttl` of cache `bot-details` to be a duration >= 0, got `5 m` (string). Write a number of ' +
        "milliseconds (300_000) or a number with a unit (ms, s, m, h, d or w), such as '300s' or '5m'.",
    );
    expect(cacheErrorOf(() => parseDuration('300', WHAT)).message).toBe(
      'Expected `ttl` of cache `bot-details` to be a duration >= 0, got `300` (string). A text needs a unit: ' +
        "write '300s' or 300_000 for that many seconds, '300ms' or 300 for milliseconds.",
    );
    expect(cacheErrorOf(() => parseDuration(-1, WHAT)).message).toContain('got `-1` (number)');
    expect(cacheErrorOf(() => parseDuration({ s: 5 }, WHAT)).message).toContain('got an object.');
  });

  it('of any whole number and unit is that many of them', () => {
    const units = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 };
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    fc.assert(
      fc.property(fc.nat(1_000_000), unit, (count, name) => {
        expect(parseDuration(`${count}${name}`, WHAT)).toBe(count * units[name]);
      }),
    );
  });
});

describe('a lifetime', () => {
  it("is for ever as 'forever', else a duration", () => {
    expect(parseLifetime('forever', WHAT)).toBe(Infinity);
    expect(parseLifetime('5m', WHAT)).toBe(300_000);
    expect(parseLifetime(0, WHAT)).toBe(0);
  });

  it("is not written as Infinity, and the message offers 'forever'", () => {
    expect(cacheErrorOf(() => parseLifetime(Infinity, WHAT)).message).toBe(
      "Expected `ttl` of cache `bot-details` to be 'forever' or a duration >= 0, got `Infinity` (number). " +
        "Write 'forever'.",
    );
    expect(cacheErrorOf(() => parseLifetime('Forever', WHAT)).code).toBe('CACHE_INVALID_OPTION');
  });
});
