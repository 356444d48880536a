import { Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { encodeArguments } from '../../../src/definition/canonical.js';
import { keyPart } from '../../../src/definition/key-part.js';
import { key } from '../../../src/definition/template.js';
import { data, turnedAround } from './support/data.js';
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
    const texts = lists.map((list) => encodeArguments(list));
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
      data,
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(argument, { maxLength: 3 }), { minLength: 2, maxLength: 12 }),
        (lists) => {
          const texts = lists.map((list) => encodeArguments(list));
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

  it('does not depend on the order of fields, entries and members', () => {
    fc.assert(
      fc.property(fc.array(data, { maxLength: 3 }), (list) => {
        expect(encodeArguments(list.map(turnedAround))).toBe(encodeArguments(list));
      }),
    );
  });

  it('goes into a key as it is', () => {
    const part = keyPart(encodeArguments(['ann', 42]));
    expect(key`${'BotsService.getBots'}:${part}`).toBe('BotsService.getBots:ann,42');
  });

  it('cannot be made of what has no content, and the message names the place in the argument', () => {
    const { code, message } = cacheErrorOf(() => encodeArguments(['u1', { filters: { owner: () => 1 } }]));
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toContain('Expected argument 2 (filters.owner) to be data');
  });

  const circular: { self?: unknown } = {};
  circular.self = [circular];

  it.each<[string, unknown, string]>([
    [
      'a function',
      () => 'hunter2',
      'argument 3 to be data that can be compared by its content, got a function.',
    ],
    [
      'a class',
      class Secret {},
      'argument 3 to be data that can be compared by its content, got a function.',
    ],
    ['an object with a method', { load() {} }, 'argument 3 (load) to be data'],
    ['a symbol', Symbol('hunter2'), 'got a symbol.'],
    [
      'a circular structure',
      circular,
      'argument 3 (self[0]) to be data that can be compared by its content, got a circular reference.',
    ],
    ['a readable stream', Readable.from(['hunter2']), 'got a stream or another event emitter.'],
    ['a writable stream', new Writable(), 'got a stream or another event emitter.'],
    ['a duplex stream', new PassThrough(), 'got a stream or another event emitter.'],
    ['a socket', new Socket(), 'got a stream or another event emitter.'],
    ['a readable web stream', new ReadableStream(), 'got a stream or another async iterable.'],
    ['a writable web stream', new WritableStream(), 'got an object (WritableStream), whose content'],
    ['a transforming web stream', new TransformStream(), 'got an object (TransformStream), whose content'],
    ['a form', new FormData(), 'got an object (FormData), whose content'],
    ['a signal', AbortSignal.abort(), 'got an object (AbortSignal), whose content'],
    ['a promise', Promise.resolve('hunter2'), 'got a promise or another thenable.'],
  ])('cannot be made of %s, and the message names argument and cache', (_what, value, found) => {
    const { code, message } = cacheErrorOf(() => encodeArguments(['hunter2', 2, value], 'cache `bots`'));
    expect(code).toBe('CACHE_INVALID_KEY');
    expect(message).toContain('Expected argument 3 of cache `bots`');
    expect(message.replace(' of cache `bots`', '')).toContain(found);
    expect(message).not.toContain('hunter2');
  });
});
