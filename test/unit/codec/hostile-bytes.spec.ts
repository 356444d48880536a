import { Packr as OtherPackr } from 'msgpackr';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { bot, value } from './support/values.js';
import { cacheErrorOf } from './support/cache-error-of.js';

const codec = new ValueCodec();
const errorOf = (bytes: Uint8Array) => cacheErrorOf(() => codec.decode(bytes));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const str = (text: string): Buffer => Buffer.concat([Buffer.from([0xd9, text.length]), Buffer.from(text)]);
const uint32 = (number: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};

function hasFunction(input: unknown): boolean {
  if (typeof input === 'function' || typeof input === 'symbol') return true;
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input)) return false;
  if (input instanceof Map || input instanceof Set) return [...input].some(hasFunction);
  return Object.values(input).some(hasFunction);
}

/** Decodes to data, or fails with the one error there is for it. */
function isHandled(bytes: Uint8Array): boolean {
  try {
    return !hasFunction(codec.decode(bytes));
  } catch (error) {
    return (error as { code?: unknown }).code === 'CACHE_INVALID_ENTRY';
  }
}

function megabytesUsedBy(work: () => void): number {
  const used = () => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const before = used();
  work();
  return (used() - before) / 2 ** 20;
}

it('arbitrary bytes are data or CACHE_INVALID_ENTRY', () => {
  const byte = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(
      0xc1,
      0xd4,
      0xd6,
      0xc7,
      0x52,
      0x62,
      0x65,
      0x72,
      0x74,
      0x78,
      0xdd,
      0xdf,
      0x91,
      0x81,
      0x40,
      0xff,
    ),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => isHandled(Uint8Array.from(bytes))),
    { numRuns: 5000 },
  );
});

it('damaged bytes are data or CACHE_INVALID_ENTRY', () => {
  fc.assert(
    fc.property(value, fc.nat(), fc.nat(255), (input, place, byte) => {
      const bytes = codec.encode(input);
      bytes[place % bytes.length] = byte;
      return isHandled(bytes);
    }),
    { numRuns: 500 },
  );
});

it('no part of the bytes of a value is a value', () => {
  fc.assert(
    fc.property(value, (input) => {
      const bytes = codec.encode(input);
      const step = Math.max(1, Math.floor(bytes.length / 100));
      for (let end = 0; end < bytes.length; end += step) {
        expect(errorOf(bytes.subarray(0, end)).code).toBe('CACHE_INVALID_ENTRY');
      }
    }),
    { numRuns: 100 },
  );
});

it('bytes that follow a value are an error, which does not show the value', () => {
  fc.assert(
    fc.property(value, fc.uint8Array({ minLength: 1, maxLength: 20 }), (input, rest) => {
      expect(errorOf(Buffer.concat([codec.encode(input), rest])).code).toBe('CACHE_INVALID_ENTRY');
    }),
    { numRuns: 300 },
  );
  const error = errorOf(Buffer.concat([codec.encode({ password: 'hunter2', pin: 1n }), Buffer.from([1, 2])]));
  expect(error.cause).toMatchObject({ message: '2 bytes follow the value' });
});

it('the cause says what is wrong', () => {
  for (const bytes of ['', '92 01', 'd4 55 00', 'c1 c1', 'd9 05 61', 'd4 52 00 91 63']) {
    expect(errorOf(hex(bytes)).cause).toBeInstanceOf(Error);
  }
});

it('a stray 0xC1 gives nothing that a caller could change for another one', () => {
  const output = codec.decode(hex('91 c1')) as [object];
  expect(Object.isFrozen(output[0])).toBe(true);
});

it('what other libraries store is no entry, or plain data', () => {
  expect(errorOf(Buffer.from('{"json":{"a":1}}')).code).toBe('CACHE_INVALID_ENTRY');
  expect(errorOf(Buffer.from('"text"')).code).toBe('CACHE_INVALID_ENTRY');
  expect(codec.decode(new OtherPackr({ useRecords: false }).pack({ a: [1] }))).toStrictEqual({ a: [1] });
});

describe('a few bytes that claim great lengths', () => {
  const bombs: [string, Buffer][] = [
    ['array', hex('dd ffffffff')],
    ['array of a million', Buffer.concat([hex('dd 000f4240'), Buffer.alloc(1000, 0xc0)])],
    ['nested arrays', Buffer.concat(Array.from({ length: 200 }, () => hex('dc ffff')))],
    ['map', hex('df ffffffff')],
    ['text', hex('db ffffffff 61')],
    ['binary', hex('c6 ffffffff 00')],
    ['extension', hex('c9 ffffffff 42 00')],
    ['wrapped', hex('d4 52 00 dd ffffffff')],
    ['record', hex('d4 72 40 dd ffffffff')],
    ['large text', Buffer.concat([hex('db ffffffff'), Buffer.alloc(5000, 0x61)])],
  ];

  it.each(bombs)('%s: an error, and next to no memory', (_, bytes) => {
    let used = 0;
    for (let count = 0; count < 5; count++) {
      used += megabytesUsedBy(() => expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY'));
    }
    expect(used).toBeLessThan(32);
  });

  it('holes take next to no memory, however many', () => {
    // Each of a thousand arrays says that it has 30 million items, and has none.
    const sparse = hex('d4 52 00 92 05 ce 01c9c380');
    const bytes = Buffer.concat([hex('dc 03e8'), ...Array.from({ length: 1000 }, () => sparse)]);
    let output: unknown;
    const used = megabytesUsedBy(() => {
      output = codec.decode(bytes);
    });
    expect((output as unknown[][])[999]).toHaveLength(30_000_000);
    expect(used).toBeLessThan(32);
  });
});

it('a million levels of nesting are an error', () => {
  const wrappers = ['91', '81 a1 61', 'd4 52 00 92 03', 'd4 52 00 93 04 c2', 'd4 72 40 91 a1 61'];
  for (const wrapper of wrappers) {
    const bytes = Buffer.concat(Array.from({ length: 200_000 }, () => hex(wrapper)));
    expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY');
  }
  expect(codec.decode(codec.encode(bot))).toStrictEqual(bot);
});

describe('extension types', () => {
  it('that nothing here writes are an error', () => {
    const used = new Set([0x00, 0x42, 0x52, 0x72, 0xff]);
    for (let type = 0; type < 256; type++) {
      if (used.has(type)) continue;
      const tail = hex('93 a1 61 a1 61 c0');
      expect(errorOf(Buffer.concat([Buffer.from([0xd4, type, 0]), tail])).code).toBe('CACHE_INVALID_ENTRY');
      expect(errorOf(Buffer.concat([Buffer.from([0xd6, type, 0, 0, 0, 6]), tail])).code).toBe(
        'CACHE_INVALID_ENTRY',
      );
      expect(errorOf(Buffer.concat([Buffer.from([0xc7, 1, type, 0]), tail])).code).toBe(
        'CACHE_INVALID_ENTRY',
      );
    }
  });

  it('of msgpackr itself are refused too, where they are in order', () => {
    const typed = hex('c7 02 74 01 05');
    const set = hex('d4 73 00 91 01');
    const expression = hex('d4 78 00 92 a1 61 a0');
    const error = hex('d4 65 00 93 a5 4572726f72 a1 6d c0');
    const reference = hex('92 d6 69 00000001 90 d6 70 00000001');
    const other = new OtherPackr({ useRecords: false });
    for (const bytes of [typed, set, expression, error, reference]) {
      expect(typeof other.unpack(bytes)).toBe('object');
      expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY');
    }
  });

  it('an error that names a method of Object makes no function', () => {
    const thenable = Buffer.concat([
      hex('81'),
      str('then'),
      hex('d4 65 00 93'),
      str('__lookupGetter__'),
      str('__proto__'),
      hex('c0'),
    ]);
    // So that it is known to be one: msgpackr itself makes a function of it.
    const other = new OtherPackr({ useRecords: false }).unpack(thenable) as { then: unknown };
    expect(typeof other.then).toBe('function');
    expect(errorOf(thenable).code).toBe('CACHE_INVALID_ENTRY');
  });

  it('bundled strings are refused at the first of them, for each may cost as much as all the bytes', () => {
    const one = Buffer.concat([hex('d6 62'), uint32(7), hex('01')]);
    const bytes = Buffer.concat([hex('92'), one, one, hex('d9 01 61 a0')]);
    expect(errorOf(bytes).cause).toMatchObject({ message: expect.stringContaining('not in use') as string });
  });

  it('wrapped values that were never encoded are an error', () => {
    const parts: unknown[] = [
      [],
      1,
      null,
      'x',
      [99],
      ['0'],
      [0, 'text'],
      [2, 1],
      [4],
      [4, false, 1],
      [4, false, 1, 2],
      [4, false, { a: 1 }, 2],
      [5, -1],
      [5, 1.5],
      [5, 2 ** 32],
      [5, 3, 3, 'x'],
      [5, 3, 'length', 1],
      [6, 'Function', Buffer.from('x')],
      [6, 'constructor', Buffer.from('x')],
      [6, 'Float64Array', Buffer.from('xyz')],
      [6, 'Uint8Array', 'x'],
      [7, '(', ''],
      [7, 'a', 'zz'],
      [7, 1, 2],
      [8, 'constructor', [], []],
      [8, 'Error', null, []],
      [8, 'Error', ['a'], []],
    ];
    const packer = new OtherPackr({ useRecords: false });
    for (const part of parts) {
      const bytes = Buffer.concat([hex('d4 52 00'), packer.pack(part)]);
      expect(errorOf(bytes).code).toBe('CACHE_INVALID_ENTRY');
    }
  });
});
