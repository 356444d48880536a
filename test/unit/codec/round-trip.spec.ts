import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { bot, text, value } from './support/values.js';

const codec = new ValueCodec();
const through = (input: unknown): unknown => codec.decode(codec.encode(input));

function expectSame(input: unknown): void {
  const output = through(input);
  // Jest's own equality does not look at -0 in a Map, at holes, or at the prototype of a bare object.
  if (!isDeepStrictEqual(output, input)) expect(output).toStrictEqual(input);
  expect(isDeepStrictEqual(output, input)).toBe(true);
}

it('any data comes back as it was', () => {
  fc.assert(
    fc.property(value, (input) => isDeepStrictEqual(through(input), input)),
    { numRuns: 600 },
  );
});

it('any data comes back as it was from bytes that lie within others', () => {
  fc.assert(
    fc.property(value, fc.nat(9), (input, offset) => {
      const bytes = codec.encode(input);
      const memory = new Uint8Array(offset + bytes.length + 5).fill(0xff);
      memory.set(bytes, offset);
      return isDeepStrictEqual(codec.decode(memory.subarray(offset, offset + bytes.length)), input);
    }),
    { numRuns: 200 },
  );
});

it('any text comes back as it was', () => {
  fc.assert(
    fc.property(text, fc.nat(300), (input, padding) => {
      const longer = input + 'x'.repeat(padding);
      return through(input) === input && through(longer) === longer;
    }),
    { numRuns: 1000 },
  );
  for (const length of [65_535, 65_536, 200_000]) {
    for (const unit of ['x', 'é', '日', '\u{1f600}', '\ud800']) expectSame([unit.repeat(length), 1]);
  }
});

it('many objects of many shapes come back as they were', () => {
  const rows = Array.from({ length: 500 }, (_, index) => ({ ...bot, index, [`only${index % 150}`]: index }));
  const nested = rows.map((row) => ({ row, rows: [row, { row }], [row.id]: row.settings }));
  expectSame(rows);
  expectSame(nested);
  expectSame({ rows, dictionary: Object.fromEntries(rows.map((row) => [`k${row.index}`, row])) });
});

it('what was encoded before leaves no trace in what is encoded next', () => {
  const rows = [1, 2, 3, 4, 5].map((index) => ({ index, name: 'a' }));
  const first = codec.encode(rows);
  for (let count = 0; count < 200; count++)
    codec.encode([rows, [{ [`other${count}`]: 1 }], 'x'.repeat(count * 100)]);
  expect(codec.encode(rows)).toStrictEqual(first);
  expectSame(rows);
});

it('a dictionary of any size comes back as it was', () => {
  const entries = Array.from({ length: 70_000 }, (_, index): [string, number] => [`key ${index}`, index]);
  expectSame(Object.fromEntries(entries));
  expectSame(entries.slice(0, 1000).map((entry) => Object.fromEntries([entry])));
});

it('objects with the same fields take little more than half the room of their JSON', () => {
  const rows = Array.from({ length: 50 }, () => bot);
  expect(codec.encode(rows).length).toBeLessThan(JSON.stringify(rows).length * 0.55);
});

describe('primitives', () => {
  it.each([
    0,
    -0,
    NaN,
    Infinity,
    2 ** 53,
    2 ** 53 + 2,
    2 ** 64,
    1.1,
    Number.MIN_VALUE,
    -1e300,
    '',
    false,
    null,
    undefined,
  ])('%p comes back as it was', (input) => {
    expectSame(input);
    expectSame([input]);
    expectSame({ input });
    expectSame(new Map([[input, input]]));
  });

  it('a field that is undefined is still there', () => {
    expect(Object.keys(through({ a: undefined, b: [undefined] }) as object)).toEqual(['a', 'b']);
  });

  it('a number stays a number and a bigint a bigint, of whatever size', () => {
    for (const power of [0, 7, 31, 32, 52, 53, 62, 63, 64, 100, 1000, 65_535, 65_536, 100_000]) {
      for (const sign of [1n, -1n]) expectSame(sign * 2n ** BigInt(power) + sign);
      if (power <= 1000) expectSame(2 ** power + 1);
    }
  });
});

describe('strings that other serializers take for something else', () => {
  const texts = [
    '_function_then|function(resolve){globalThis.pwned = true}',
    '_date_2020-01-01T00:00:00.000Z',
    '_symbol_x',
    '_undefined_',
    '_bigint_12',
    '_regexp_/a/|/a/',
    '_duplicate_["root"]',
    '_NaN_',
    '_Infinity_',
    ':base64:AAAA',
    '2020-01-01T00:00:00.000Z',
    '[Function]',
    '{"a":1}',
    '$ref:$["a"]',
  ];

  it.each(texts)('%s is a string', (input) => {
    expect(through(input)).toBe(input);
    expect(through({ then: input, [input]: input })).toStrictEqual({ then: input, [input]: input });
  });

  it('a field named then or toJSON does nothing when it is data', async () => {
    const input = { then: '_function_then|function(r){r(1)}', toJSON: 'x', constructor: 'y', valueOf: 1 };
    expect(await (through(input) as Promise<unknown>)).toStrictEqual(input);
    expectSame({ then: { then: null }, toJSON: { a: [] } });
  });
});
