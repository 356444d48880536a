import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { encodeArguments } from '../../../src/definition/canonical.js';
import { keyPart } from '../../../src/definition/key-part.js';
import { key } from '../../../src/definition/template.js';
import { cacheErrorOf } from './support/error-of.js';
import { hostileText } from './support/hostile.js';

/** The alphabet of encoded parts, a comma between arguments, and the marks of types. */
const KEY_SAFE = /^(?:[A-Za-z0-9_.@+,-]|%[0-9A-F]{2}|%[nueqivhl]|%sD[89A-F][0-9A-F]{2})+$/;

describe('a list of arguments as text', () => {
  it.each([
    [[], '%v'],
    [['bot-1'], 'bot-1'],
    [[42, 'ann', true, null, undefined, ''], '42,ann,true,%n,%u,%e'],
    [['42', 'true', 'NaN', '1e+21', '-0', '042'], '%q42,%qtrue,%qNaN,%q1e+21,-0,042'],
    [[42n, -0, 1.5, NaN, Infinity], '%i42,0,1.5,NaN,Infinity'],
    [['a,b', '%n', 'é'], 'a%2Cb,%25n,%C3%A9'],
  ])('of %p is %p', (args, expected) => {
    expect(encodeArguments(args)).toBe(expected);
  });

  it('has objects as digests, and is one as a whole when it gets long', () => {
    expect(encodeArguments(['u1', { page: 1 }])).toMatch(/^u1,%h[\w-]{43}$/);
    expect(encodeArguments(['u1', { page: 1, limit: 2 }])).toBe(
      encodeArguments(['u1', { limit: 2, page: 1 }]),
    );
    expect(encodeArguments(['x'.repeat(120)])).toBe('x'.repeat(120));
    expect(encodeArguments(['x'.repeat(121)])).toMatch(/^%l[\w-]{43}$/);
    expect(encodeArguments([{}, [], new Date(0)])).toMatch(/^%l[\w-]{43}$/);
  });

  it('differs for every two lists that differ', () => {
    const long = 'x'.repeat(200);
    const lists: unknown[][] = [
      ...[[], [undefined], [null], [''], ['null'], ['undefined'], [undefined, undefined], [[]], [{}]],
      ...[
        [1],
        ['1'],
        [1n],
        [[1]],
        [true],
        ['true'],
        [1, undefined],
        [1, null],
        [NaN],
        ['NaN'],
        [new Date(0)],
      ],
      ...[[0], ['0'], ['-0'], [false], ['%q1'], ['%i1'], ['%v'], ['%h'], [1, 2], ['1,2'], [12], ['1', '2']],
      ...[[{ a: 1 }], [{ a: undefined }], [{ a: '1' }], [new Date(0).toISOString()]],
      ...[
        [long],
        [`${long}y`],
        [[long]],
        [{ long }],
        [long, 1],
        [[long, 1]],
        ['\ud83d'],
        ['\ufffd'],
        ['\ude00'],
      ],
    ];
    const texts = lists.map(encodeArguments);
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
    expect(texts.every((text) => KEY_SAFE.test(text))).toBe(true);
  });

  it('is one text exactly for lists that are deeply equal', () => {
    const argument = fc.oneof(
      hostileText,
      fc.constantFrom<unknown>(
        null,
        undefined,
        0,
        1,
        42,
        1n,
        42n,
        true,
        false,
        NaN,
        '',
        '1',
        '42',
        'true',
        'NaN',
      ),
      fc.double({ noNaN: true }).map((number) => number + 0),
      fc.double({ noNaN: true }).map(String),
      fc.constantFrom<unknown>(
        {},
        { a: 1 },
        { a: '1' },
        [],
        [1],
        ['1'],
        new Date(0),
        new Map(),
        new Set([1]),
      ),
      hostileText.map((text) => text.repeat(40)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(argument, { maxLength: 3 }), { minLength: 2, maxLength: 12 }),
        (lists) => {
          const texts = lists.map(encodeArguments);
          lists.forEach((a, i) => {
            expect(texts[i]).toMatch(KEY_SAFE);
            lists.slice(0, i).forEach((b, j) => {
              if ((texts[i] === texts[j]) !== isDeepStrictEqual(a, b))
                throw new Error(`${texts[i]} and ${texts[j]}`);
            });
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('goes into a key as it is', () => {
    const part = keyPart(encodeArguments(['ann', 42]));
    expect(key`${'BotsService.getBots'}:${part}`).toBe('BotsService.getBots:ann,42');
  });

  it('cannot be made of what has no content, and the message names the argument', () => {
    const { code, message } = cacheErrorOf(() => encodeArguments(['u1', { filters: { owner: () => 1 } }]));
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toContain('Expected argument 2 (filters.owner) to be data');
    expect(cacheErrorOf(() => encodeArguments([() => 1])).message).toContain(
      'Expected argument 1 to be data',
    );
    expect(cacheErrorOf(() => encodeArguments([Symbol('a')])).message).toContain(
      'Expected argument 1 to be data',
    );
  });
});
