import * as fc from 'fast-check';
import { encodePart } from '../../../src/definition/encoding.js';
import { key, pattern } from '../../../src/definition/template.js';
import { unordered } from '../../../src/definition/unordered.js';
import { cacheErrorOf } from './support/error-of.js';
import { hostileScalar } from './support/hostile.js';

describe('unordered values', () => {
  it('give one key in whichever order', () => {
    expect(key`compat:${unordered('bob', 'ann')}`).toBe('compat:ann~bob');
    expect(key`compat:${unordered('ann', 'bob')}`).toBe('compat:ann~bob');
    expect(key`chat:${unordered(3, 1, 2)}`).toBe(key`chat:${unordered('2', '3', '1')}`);
    expect(key`compat:${unordered('ann', 'ann')}`).toBe('compat:ann~ann');
  });

  it('keep their borders', () => {
    const keys = [
      key`compat:${unordered('a:b', 'c')}`,
      key`compat:${unordered('a', 'b:c')}`,
      key`compat:${unordered('a', 'b', 'c')}`,
      key`compat:${unordered('a~b', 'c')}`,
      key`compat:${unordered('a', null)}`,
      key`compat:${unordered('a', undefined)}`,
      key`compat:${unordered('a', '')}`,
      key`compat:${'a~b~c'}`,
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('cannot run into a neighbouring interpolation', () => {
    const of = (a: Parameters<typeof encodePart>[0], b: Parameters<typeof encodePart>[0]) => key`x:${a}:${b}`;
    expect(of(unordered('a', 'b'), 'c')).not.toBe(of('a', unordered('b', 'c')));
    expect(of(unordered('a', 'b'), unordered('c', 'd', 'e'))).not.toBe(
      of(unordered('a', 'b', 'c'), unordered('d', 'e')),
    );
  });

  it('are one segment to a pattern', () => {
    const made = key`compat:${unordered('bob', 'ann')}:de`;
    expect(pattern`compat:*:${'de'}`.matches(made)).toBe(true);
    expect(pattern`compat:${unordered('ann', 'bob')}*`.matches(made)).toBe(true);
    expect(pattern`compat:${'ann'}*`.matches(made)).toBe(false);
  });

  it('are the same only for the same values', () => {
    const pair = fc.tuple(hostileScalar, hostileScalar);
    const textOf = ([a, b]: [Parameters<typeof unordered>[0], Parameters<typeof unordered>[0]]) =>
      encodePart(unordered(a, b));
    fc.assert(
      fc.property(pair, pair, ([a, b], [c, d]) => {
        const [x, y, v, w] = [a, b, c, d].map(encodePart);
        const isSame = (x === v && y === w) || (x === w && y === v);
        expect(textOf([a, b]) === textOf([c, d])).toBe(isSame);
        expect(textOf([a, b])).toBe(textOf([b, a]));
      }),
      { numRuns: 3000 },
    );
  });

  it('are two or more scalars', () => {
    const misuse = unordered as (...values: unknown[]) => unknown;
    for (const values of [[], ['a']]) {
      const { code, message } = cacheErrorOf(() => misuse(...values));
      expect(code).toBe('CACHE_INVALID_KEY');
      expect(message).toContain(`got ${values.length}`);
    }
    for (const wrong of [{}, ['a'], NaN, unordered('a', 'b')]) {
      expect(cacheErrorOf(() => misuse('a', wrong)).message).toContain('value 2 of `unordered`');
    }
  });
});
