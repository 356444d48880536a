import { isDeepStrictEqual } from 'node:util';
import { Packr as OtherPackr } from 'msgpackr';
import { ValueCodec } from '../../../src/codec/value-codec.js';

const codec = new ValueCodec();
const through = (input: unknown): unknown => codec.decode(codec.encode(input));

function expectSame(input: unknown): void {
  const output = through(input);
  // Jest's own equality does not look at -0 in a Map, at holes, or at the prototype of a bare object.
  if (!isDeepStrictEqual(output, input)) expect(output).toStrictEqual(input);
  expect(isDeepStrictEqual(output, input)).toBe(true);
}

it('names of fields that msgpackr has a use for itself are like any other', () => {
  const odd = { a: 1, __keys__: 2, length: 3, highByte: 4, isShared: 5 };
  const rows = [{ a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }, odd, { a: 1 }, odd];
  expectSame(rows);
  expectSame(rows);
  // Somebody else's fault, which must not reach the cache.
  const polluted: object = Object.getPrototypeOf({});
  Object.defineProperty(polluted, 'inherited', { value: 1, enumerable: true, configurable: true });
  try {
    const shadowing = Array.from({ length: 5 }, () => ({ hasOwnProperty: 1, a: 2 }));
    expect(JSON.stringify(through(shadowing))).toBe(JSON.stringify(shadowing));
  } finally {
    Reflect.deleteProperty(polluted, 'inherited');
  }
});

describe('fields named __proto__', () => {
  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"a":{"__proto__":[1]},"constructor":{"prototype":{"polluted":true}}}',
    '[{"__proto__":1,"a":1},{"__proto__":2,"a":1},{"__proto__":3,"a":1},{"__proto__":null,"a":1}]',
  ])('%s stays data and touches no prototype', (json) => {
    const input: unknown = JSON.parse(json);
    const output = through(input);
    expect(JSON.stringify(output)).toBe(json);
    expectSame(input);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('an object with such a field keeps the prototype of all objects', () => {
    const output = through(JSON.parse('{"__proto__":{"a":1}}')) as object;
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
    expect(Object.keys(output)).toEqual(['__proto__']);
  });
});

describe('names of fields', () => {
  const names = [
    '__proto__',
    'constructor',
    'a:r()};globalThis.pwned=true;({b',
    '"]:r()};globalThis.pwned=true;({["',
    "'+(globalThis.pwned=true)+'",
    '\u2028globalThis.pwned=true//',
    '${globalThis.pwned=true}',
    '});globalThis.pwned=true;//',
  ];

  it('neither run nor reach a prototype, as records or as maps', () => {
    const packer = new OtherPackr({ useRecords: true });
    const maps = new OtherPackr({ useRecords: false });
    const object = Object.fromEntries(names.map((name) => [name, { polluted: true }]));
    Object.defineProperty(object, '__proto__', { value: { polluted: true }, enumerable: true });
    const rows = Array.from({ length: 20 }, () => object);
    for (const bytes of [packer.pack(rows), maps.pack(rows), codec.encode(rows)]) {
      const output = codec.decode(bytes) as object[];
      expect(output).toHaveLength(20);
      for (const row of output) expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    }
    expect(isDeepStrictEqual(codec.decode(codec.encode(rows)), rows)).toBe(true);
    expect(Reflect.has(globalThis, 'pwned')).toBe(false);
    expect(Reflect.has({}, 'polluted')).toBe(false);
  });

  it('are never compiled: nothing here needs code generation', () => {
    const rows = Array.from({ length: 50 }, (_, index) => ({ index, name: 'a', 'odd name': 1 }));
    const bytes = codec.encode(rows);
    const original = globalThis.Function;
    let calls = 0;
    globalThis.Function = new Proxy(original, {
      construct(target, parameters) {
        calls++;
        return Reflect.construct(target, parameters) as object;
      },
    });
    try {
      expect(codec.decode(bytes)).toStrictEqual(rows);
      // So that it is known to notice: the main build of msgpackr compiles a reader for these.
      const other = new OtherPackr();
      expect(other.unpack(other.pack(rows))).toEqual(rows);
    } finally {
      globalThis.Function = original;
    }
    expect(calls).toBe(1);
  });
});
