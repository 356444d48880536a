import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { cacheErrorOf } from './support/cache-error-of.js';
import { HOSTILE_NAMES, isSame } from './support/copies.js';

const codec = new ValueCodec();
const errorOf = (bytes: Uint8Array) => cacheErrorOf(() => codec.decode(bytes));

interface MadeUp {
  readonly shape: string;
  readonly leaves: string;
  readonly form?: number;
  /** The text that the id is of. */
  readonly idOf?: string;
}

/** Bytes as somebody who writes to Redis may make them up. */
function bytesOf({ shape, leaves, form = 2, idOf = shape }: MadeUp): Buffer {
  const text = Buffer.from(shape);
  const length = [text.length & 0x7f, text.length >>> 7];
  const id = createHash('sha256').update(idOf).digest().subarray(0, 16);
  return Buffer.concat([
    Buffer.from([0xc1, form]),
    id,
    Buffer.from(length[1] === 0 ? [text.length] : [(length[0] ?? 0) | 0x80, length[1] ?? 0]),
    text,
    Buffer.from(leaves, form === 2 ? 'latin1' : 'utf8'),
  ]);
}

function expectMalformed(bytes: Uint8Array): void {
  for (const work of [() => codec.decode(bytes), () => codec.keep(bytes)?.make() ?? codec.decode(bytes)]) {
    const error = cacheErrorOf(work);
    expect(error.code).toBe('CACHE_INVALID_ENTRY');
    expect(error.cause).toStrictEqual(new Error('A plain value is malformed'));
    expect(error.cause).not.toHaveProperty('cause');
  }
}

describe('made-up leaves', () => {
  const row = '{"id":0,"at":2}';
  it.each([
    ['nothing', '0', ''],
    ['no array', '0', '{"0":1}'],
    ['an array in a text', '0', '"]'],
    ['none', '0', '[]'],
    ['one too many', '0', '[1,2]'],
    ['no JSON', '0', '[hunter2]'],
    ['less than there are', '0', '[1'],
    ['more than there are', '0', '[1][2]'],
    ['space after them', '0', '[1] '],
    ['a line after them', '0', '[1]\n'],
    ['an object for a primitive', '0', '[{"a":1}]'],
    ['an array for a primitive', '0', '[[1]]'],
    ['a text for a date', '2', '["5"]'],
    ['null for a date', '2', '[null]'],
    ['an array for a date', '2', '[[5]]'],
    ['a date out of range', '2', '[8640000000000001]'],
    ['half a millisecond', '2', '[0.5]'],
    ['a text for a list', '3', '["abc"]'],
    ['an object for a list', '3', '[{"length":1}]'],
    ['a list within a list', '3', '[[[1]]]'],
    ['an object within a list', '3', '[[1,{"a":1}]]'],
    ['no names', '{"*":0}', '[1]'],
    ['a text of names', '{"*":0}', '["ab",1,1]'],
    ['names of no text', '{"*":0}', '[[1],1]'],
    ['a name __proto__', '{"*":{"a":0}}', '[["a","__proto__"],1,1]'],
    ['less names', '{"*":0}', '[["a"],1,2]'],
    ['more names', '{"*":0}', '[["a","b"],1]'],
    ['less fields', '{"a":0,"b":0}', '[1]'],
    ['more fields', '{"a":0,"b":0}', '[1,2,3]'],
    ['a leaf for nothing', '{"a":1}', '[1]'],
    ['less items than it says', `[${row}]`, '[2,1,5]'],
    ['more items than it says', `[${row}]`, '[1,1,5,2,6]'],
    ['less than no items', '[{"a":0}]', '[-1]'],
    ['half an item', '[{"a":0}]', '[0.5,1]'],
    ['a text of items', '[{"a":0}]', '["1",1]'],
    ['more items than there are leaves', '[{"a":0}]', '[4294967295,1]'],
    ['another place', '[[0,2]]', '[1,2,1]'],
    ['a place before the first', '[[0,2]]', '[1,-1,1]'],
    ['half a place', '[[0,2]]', '[1,0.5,1]'],
    ['the name of a place', '[[0,2]]', '[1,"0",1]'],
    ['the length of the places', '[[0,2]]', '[1,"length",1]'],
  ])('%s: an error that shows nothing of it', (_, shape, leaves) => {
    for (const form of [2, 3]) {
      const bytes = bytesOf({ shape, leaves, form });
      // Also by the code that is made after some of them.
      for (let time = 0; time < 110; time++) expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY');
      expectMalformed(bytes);
    }
  });

  it('in a text of no kind that there is', () => {
    expect(codec.decode(bytesOf({ shape: '0', leaves: '[1]' }))).toBe(1);
    for (const form of [0, 1, 4, 0x5b, 255]) expectMalformed(bytesOf({ shape: '0', leaves: '[1]', form }));
    expectMalformed(bytesOf({ shape: '0', leaves: '\ufeff[1]', form: 3 }));
  });

  it('are data or an error, whatever they are', () => {
    const texts = ['0', '2', '3', '{"a":0,"b":[[0,2]]}', '[[0,1,2,3,{"a":0},{"b":[{"c":2}]}]]'];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(fc.jsonValue({ maxDepth: 2 })), (shape, leaves) => {
        try {
          const made = codec.decode(bytesOf({ shape, leaves: JSON.stringify(leaves), form: 3 }));
          expect(isSame(codec.decode(codec.encode(made)), made)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CACHE_INVALID_ENTRY' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a million levels of them are an error', () => {
    const leaves = `[${'['.repeat(1_000_000)}1${']'.repeat(1_000_000)}]`;
    for (const shape of ['0', '3']) expectMalformed(bytesOf({ shape, leaves }));
  });
});

describe('a made-up shape', () => {
  const nested = (levels: number): string => '{"a":'.repeat(levels) + '0' + '}'.repeat(levels);
  it.each([
    ['no text', ''],
    ['no JSON', '{'],
    ['a kind that there is not', '7'],
    ['a kind that is no number', '"0"'],
    ['null', 'null'],
    ['a field __proto__', '{"__proto__":0}'],
    ['a field __proto__ within', '[{"a":{"__proto__":{"a":0}}}]'],
    ['a field __proto__ in other letters', '{"\\u005f_proto__":0}'],
    ['a dictionary with fields', '{"*":0,"a":0}'],
    ['a field toJSON', '{"toJSON":0}'],
    ['a field twice', '{"a":0,"a":0}'],
    ['fields in an order that objects have not', '{"b":0,"1":0}'],
    ['space', '{"a": 0}'],
    ['something after it', '0 '],
    ['items without leaves', '[1]'],
    ['items without leaves, as fields', '[{"a":1,"b":{}}]'],
    ['no items', '[]'],
    ['either of one', '[[[0]],[]]'],
    ['either of either', '[[0,[0,1]],0]'],
    ['either of many', `[${Array.from({ length: 13 }, () => '0').join()}]`],
    ['many fields', JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, 0])))],
    ['many levels', nested(65)],
  ])('%s: an error', (_, shape) => {
    for (const leaves of ['[]', '[1]', '[1,1]', '[2]']) expectMalformed(bytesOf({ shape, leaves }));
  });

  it('under the id of another one is an error, or is not looked at', () => {
    const other = bytesOf({ shape: '{"mine":0}', leaves: '[1]', idOf: '{"unheard-of":0}' });
    expectMalformed(other);
    const known = codec.encode({ yours: 1 });
    expect(codec.decode(bytesOf({ shape: '{"mine":0}', leaves: '[1]', idOf: '{"yours":0}' }))).toEqual({
      yours: 1,
    });
    for (let word = 0; word < 4; word++) {
      const bytes = Buffer.from(known);
      bytes[2 + 4 * word] = (bytes[2 + 4 * word] ?? 0) ^ 1;
      expectMalformed(bytes);
    }
    expect(codec.decode(known)).toEqual({ yours: 1 });
  });

  it('that ends after the bytes do is an error', () => {
    const bytes = bytesOf({ shape: '0', leaves: '[1]' });
    for (const length of [6, 0x7f]) {
      bytes[18] = length;
      expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY');
    }
    const endless = Buffer.concat([bytes.subarray(0, 18), Buffer.alloc(20, 0xff)]);
    expect(errorOf(endless).code).toBe('CACHE_INVALID_ENTRY');
  });

  it('of many places is an error: so much code is not made', () => {
    const wide = (field: string) => `{${Array.from({ length: 60 }, (_, i) => `"f${i}":${field}`).join()}}`;
    expect(codec.decode(bytesOf({ shape: wide('{"a":1}'), leaves: '[]' }))).toHaveProperty('f59', {
      a: undefined,
    });
    expectMalformed(bytesOf({ shape: wide(wide('1')), leaves: '[]' }));
  });

  it.each(HOSTILE_NAMES.filter((name) => !/^[a-z]\w*$/i.test(name)))(
    'with a field %j is an error',
    (name) => {
      expectMalformed(bytesOf({ shape: `{${JSON.stringify(name)}:0}`, leaves: '[1]' }));
    },
  );

  it('touches no prototype, whatever its names', () => {
    for (const name of HOSTILE_NAMES) {
      const bytes = codec.encode({ [name]: { polluted: 1 } });
      for (let time = 0; time < 110; time++) {
        const made = codec.decode(bytes) as object;
        expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
        expect(Object.entries(made)).toEqual([[name, { polluted: 1 }]]);
      }
    }
    expect(Reflect.has({}, 'polluted')).toBe(false);
    expect(Reflect.has(Object, 'polluted')).toBe(false);
  });
});
