import * as fc from 'fast-check';

/** Pieces of text that mean something to Redis, to the encoding, or to JavaScript. */
const PIECES = [
  ...['a', 'b', 'A', 'C3', '0', '1', '42', 'e', 'n', 'u', 's', 'q', 'sD83D'],
  ...[':', '*', '?', '[', ']', '{', '}', '\\', '%', '~', ',', '/', '-', '.', '_', '@', '+', '|', '"', "'"],
  ...['%n', '%u', '%e', '%3A', '%~', '%25', 'null', 'undefined', 'true', 'NaN', ' ', '\n', '\r\n', '\0'],
  ...['é', 'e\u0301', '\ufffd', '\ud83d', '\ude00', '\u{1f600}', '\ud83e'],
];

/** Short texts that are likely to collide with one another where anything can. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

/** Scalars that a key can hold, among them many whose texts are the same. */
export const hostileScalar: fc.Arbitrary<string | number | bigint | boolean | Date | null | undefined> =
  fc.oneof(
    { weight: 4, arbitrary: hostileText },
    {
      weight: 2,
      arbitrary: fc.constantFrom(null, undefined, '', 0, -0, 1, 42, 42n, true, false, 1e21, -1.5, '1e+21'),
    },
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4) }),
  );

/** What a template gets from the compiler, for literal texts that a test computes. */
export function literalsOf(...texts: string[]): TemplateStringsArray {
  return Object.assign(texts, { raw: texts });
}
