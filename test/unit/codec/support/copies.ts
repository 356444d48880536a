import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { ValueCodec } from '../../../../src/codec/value-codec.js';
import { keep } from '../../../../src/engine/kept-bytes.js';
import { text } from './values.js';

const codec = new ValueCodec();

export const decoded = (input: unknown): unknown => codec.decode(codec.encode(input));

/** Names that code made of them could take for something else. */
export const HOSTILE_NAMES = [
  ...[
    '"];process.exit()//',
    '"]}',
    "'",
    '`${process.exit()}`',
    '\\',
    '\\"',
    '*/',
    '//',
    '<!--',
    '-->',
    '\n',
    '\r',
  ],
  ...[
    '\u2028',
    '\u2029',
    '\\u2028',
    '\0',
    '\ud800',
    '',
    ' ',
    'a b',
    '0',
    '1',
    '01',
    '-1',
    '4294967295',
    '1e3',
  ],
  ...[
    'constructor',
    'prototype',
    'hasOwnProperty',
    'toString',
    'get',
    'set',
    'async',
    'await',
    'x',
    'x0',
    'f0',
  ],
  ...['i', 'a', 'copyPlain', 'PlainDate', 'hasOwn', 'return', '...x', '[x]', 'length', 'slice', 'getTime'],
];

const name = fc.oneof(fc.constantFrom(...HOSTILE_NAMES), text).filter((each) => each !== '__proto__');

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, true, 0, -0, NaN, 1n, ''),
  text,
  fc.double(),
  fc.date({ noInvalidDate: true }),
);

/** What can be copied: few names, so that many objects look alike. */
export const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(name, tie('plain'), { maxKeys: 5, noNullPrototype: true }),
    fc
      .uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
      .chain((names) =>
        fc
          .array(tie('plain'), { minLength: 3, maxLength: 3 })
          .map((values) => Object.fromEntries(names.map((each, index) => [each, values[index]]))),
      ),
    // Rows of which some have a field that others have not.
    fc
      .tuple(name, name, fc.array(fc.tuple(tie('plain'), tie('plain'), fc.boolean()), { maxLength: 5 }))
      .map(([one, other, rows]) =>
        rows.map(([first, second, isWhole]) => ({ [one]: first, ...(isWhole && { [other]: second }) })),
      ),
  ),
}));

/** Deep equality that looks at the order of fields, too. */
export const isSame = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(one, other) && isDeepStrictEqual(outline(one), outline(other));

function outline(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([field, inner]) => [field, outline(inner)]);
}

/** All objects that a plain value consists of. */
export function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  for (const inner of Object.values(value)) objectsIn(inner, found);
  return found;
}

/** Whether what is kept gives one who asks often, without code and with it, equal values that share nothing. */
export function copiesWell(input: unknown, times = 4): boolean {
  const kept = keep(codec.encode(input), codec);
  const copies = Array.from({ length: times }, () => kept.make());
  const objects = copies.map((each) => objectsIn(each));
  const all = new Set(objects.flatMap((each) => [...each]));
  return (
    copies.every((copy) => isSame(copy, input)) &&
    all.size === objects.reduce((sum, { size }) => sum + size, 0) &&
    Buffer.from(kept.payload).equals(codec.encode(input))
  );
}
