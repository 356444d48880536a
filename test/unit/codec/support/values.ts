import * as fc from 'fast-check';

/** Names that mean something to JavaScript, to msgpackr, or to other serializers. */
const NAMES =
  '__proto__ constructor prototype toJSON then hasOwnProperty __keys__ __proto_ length highByte isShared valueOf';

/** Texts that some part of the way could take for something else. */
const TRICKY_TEXTS = [
  ...NAMES.split(' '),
  ...['', '0', '-1', '01', 'null', 'undefined', 'NaN', '\0', '\u2028', '\ufffd', 'é', '日本語', '\u{1f600}'],
  ...['\ud800', '\udfff', 'a\udc00b', '\ude00\ud83d', '\ud800'.padEnd(80, 'x')],
  ...['\ufeff', '\ufeffa', '\ufeff'.padEnd(200, 'x'), '\ufeff'.padEnd(70, 'é')],
  ...[15, 16, 31, 32, 63, 64, 65, 85, 86, 255, 256].flatMap((length) => [
    'x'.repeat(length),
    'é'.repeat(length),
  ]),
];

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom(...TRICKY_TEXTS),
);

/** About the limits between one stored form of numbers and the next. */
const nearPower = fc.tuple(fc.nat(70), fc.constantFrom(-1, 0, 1), fc.constantFrom(1, -1));

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e308, 5e-324, 0.1),
  nearPower.map(([power, by, sign]) => sign * (2 ** power + by)),
);

const bigint = fc.oneof(
  fc.bigInt(),
  nearPower.map(([power, by, sign]) => BigInt(sign) * (2n ** BigInt(power) + BigInt(by))),
  fc.bigInt({ min: -(2n ** 3000n), max: 2n ** 3000n }),
);

const bytes = fc.uint8Array({ maxLength: 40 });

const binary: fc.Arbitrary<object> = fc.oneof(
  bytes,
  bytes.map((value) => Buffer.from(value)),
  bytes.map((value) => value.slice().buffer),
  bytes.map((value) => new DataView(value.slice().buffer)),
  // Views that begin in the middle of their memory.
  bytes.map((value) => new Uint8Array(value.buffer, Math.min(3, value.length))),
  fc.uint8ClampedArray(),
  fc.int8Array(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom(null, undefined, true, false) },
  bigint,
  // Node's own equality of this version takes no two invalid dates for equal; types.spec.ts has one.
  fc.date({ noInvalidDate: true }),
  binary,
  fc
    .constantFrom(/a/, /[\ud800/]\n"é/gimsuy, /(?<year>\d{4})/u)
    .map((value) => new RegExp(value.source, value.flags)),
  fc.oneof(text, number, bigint, fc.boolean()).map((value) => Object(value) as object),
);

function objectOf(fields: readonly (readonly [string, unknown])[], isBare: boolean): object {
  const object: object = isBare ? Object.create(null) : {};
  for (const [name, value] of fields) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

function errorOf(kind: number, message: string, cause: unknown, fields: object): Error {
  const options = { cause };
  const errors = [
    new Error(message),
    new Error(message, options),
    new TypeError(message, options),
    new RangeError(message),
    new AggregateError([cause], message, options),
    Object.assign(new Error(message, options), fields),
  ];
  return errors[kind % errors.length] ?? new Error(message);
}

/** Whatever has a stored form from which it comes back as it was. */
export const { value } = fc.letrec<{ value: unknown; object: object; rows: object[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    tie('object'),
    tie('rows'),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.sparseArray(tie('value'), { maxLength: 60, maxNumElements: 4 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
    fc
      .tuple(fc.nat(5), text, tie('value'), fc.dictionary(fc.constantFrom('code', 'status'), leaf))
      .map(([kind, message, cause, fields]) => errorOf(kind, message, cause, fields)),
  ),
  object: fc
    .tuple(fc.array(fc.tuple(text, tie('value')), { maxLength: 6 }), fc.boolean())
    .map(([fields, isBare]) => objectOf(fields, isBare)),
  // Objects with the same fields, as a query returns them.
  rows: fc
    .tuple(
      fc.array(text, { minLength: 1, maxLength: 4 }),
      fc.array(fc.array(tie('value')), { minLength: 4, maxLength: 8 }),
    )
    .map(([names, rows]) =>
      rows.map((row) =>
        objectOf(
          names.map((name, index) => [name, row[index]]),
          false,
        ),
      ),
    ),
}));

/** Data as an application caches it: a couple of hundred bytes of JSON. */
export const bot = {
  id: 'b7e23ec2-9af4-4c1c-9d5b-1d2f0a9b7c33',
  orgId: 'org-17',
  name: 'Customer support bot',
  status: 'running',
  temperature: 0.7,
  enabled: true,
  tags: ['support', 'orders'],
  settings: { language: 'en', webhook: 'https://example.org/hooks/17', features: { handoff: true } },
  statistics: { total: 18_234, failed: 12, p50: 182.5, perDay: [120, 133, 98] },
  createdAt: new Date('2024-11-05T10:11:12.123Z'),
  deletedAt: null,
  owner: undefined,
};
