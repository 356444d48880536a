import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import { ValueCodec } from '../../../src/codec/value-codec.js';

const codec = new ValueCodec();
const through = (input: unknown): unknown => codec.decode(codec.encode(input));

function expectSame(input: unknown): void {
  const output = through(input);
  // Jest's own equality does not look at -0 in a Map, at holes, or at the prototype of a bare object.
  if (!isDeepStrictEqual(output, input)) expect(output).toStrictEqual(input);
  expect(isDeepStrictEqual(output, input)).toBe(true);
}

describe('built-in types', () => {
  it('Uint8Array and Buffer are told apart', () => {
    const output = through({ array: new Uint8Array([1, 2]), buffer: Buffer.from([1, 2]) }) as Record<
      string,
      unknown
    >;
    expect(Buffer.isBuffer(output['array'])).toBe(false);
    expect(output['array']).toBeInstanceOf(Uint8Array);
    expect(Buffer.isBuffer(output['buffer'])).toBe(true);
  });

  it('dates keep their millisecond in all of their range', () => {
    for (const time of [0, 1, -1, 999, 1e12 + 1, 2 ** 32 * 1000 + 1, -1e12 - 1, 8.64e15, -8.64e15, NaN]) {
      expect((through(new Date(time)) as Date).getTime()).toBe(time);
    }
  });

  it('an error keeps its class, name, message, stack, cause and fields', () => {
    class NotFoundError extends TypeError {
      override readonly name = 'NotFoundError';
      readonly code = 'ENOTFOUND';
    }
    const input = new NotFoundError('no bot 42', {
      cause: new RangeError('range', { cause: { deep: [1n] } }),
    });
    const output = through({ input }) as { input: NotFoundError };
    expect(output.input).toBeInstanceOf(TypeError);
    expect(output.input).toMatchObject({ name: 'NotFoundError', message: 'no bot 42', code: 'ENOTFOUND' });
    expect(output.input.stack).toBe(input.stack);
    expect(output.input.cause).toStrictEqual(input.cause);
    expect(Object.keys(output.input).toSorted()).toEqual(['code', 'name']);
    expect(JSON.stringify(output)).toBe(JSON.stringify({ input }));
  });

  it('an error whose name is that of a method is an error still', () => {
    for (const name of ['constructor', 'valueOf', 'toString', '__proto__', '__lookupGetter__']) {
      const output = through(Object.assign(new Error('m'), { name })) as Error;
      expect(output).toBeInstanceOf(Error);
      expect([output.name, output.message]).toEqual([name, 'm']);
    }
  });

  it('holes stay holes, four billion of them too', () => {
    const holes: unknown[] = [];
    holes[4_294_967_294] = -0;
    const few = Object.assign(new Array<unknown>(5), { 0: 1, 2: undefined, 4: 3 });
    const output = through({ few, none: new Array(5), holes }) as Record<string, unknown[]>;
    expect(Object.keys(output['few'] ?? [])).toEqual(['0', '2', '4']);
    expect(output['none']).toHaveLength(5);
    expect(Object.keys(output['none'] ?? [])).toEqual([]);
    expect(output['holes']).toHaveLength(4_294_967_295);
    expect(Object.is(output['holes']?.[4_294_967_294], -0)).toBe(true);
  });

  it('subclasses come back as what they extend', () => {
    class Tags extends Set<string> {}
    class Scores extends Map<string, number> {
      override *[Symbol.iterator](): MapIterator<[string, number]> {
        yield* [];
      }
    }
    class Day extends Date {}
    class Names extends Array<string> {}
    class Samples extends Float64Array {}
    expect(through(new Tags(['a']))).toStrictEqual(new Set(['a']));
    expect(through(new Scores([['a', 1]]))).toStrictEqual(new Map([['a', 1]]));
    expect(through(new Day(5))).toStrictEqual(new Date(5));
    expect(through(Names.of('a', 'b'))).toStrictEqual(['a', 'b']);
    expect(through(Samples.of(1, 2))).toStrictEqual(Float64Array.of(1, 2));
  });

  it('values of another realm come back as values of this one', () => {
    const foreign: unknown = runInNewContext(
      '({ date: new Date(5), map: new Map([[1, new Set([/a/g])]]), list: [1, { a: -0 }], floats: Float32Array.of(1.5), ' +
        'error: new TypeError("m"), bytes: new Uint8Array([1]).buffer })',
    );
    const output = through(foreign) as Record<string, unknown>;
    expect(output['date']).toStrictEqual(new Date(5));
    expect(output['map']).toStrictEqual(new Map([[1, new Set([/a/g])]]));
    expect(output['list']).toStrictEqual([1, { a: -0 }]);
    expect(output['floats']).toStrictEqual(Float32Array.of(1.5));
    expect(output['error']).toBeInstanceOf(TypeError);
    expect(output['bytes']).toStrictEqual(new Uint8Array([1]).buffer);
  });
});

describe('class instances', () => {
  class Point {
    private readonly secret = 1;
    readonly [Symbol.toStringTag] = 'Point';
    constructor(readonly x: number) {}
    get double(): number {
      throw new Error('accessors of a class are not called');
    }
    sum(): number {
      return this.x + this.secret;
    }
  }

  it('come back as plain objects of their own fields', () => {
    const output = through({ point: new Point(-0) });
    expect(output).toStrictEqual({ point: { x: -0, secret: 1 } });
  });

  it('are taken for no other type that they pretend to be', () => {
    const pretender: unknown = Object.assign(Object.create(Map.prototype), { a: 1 });
    const named = Object.assign(new Point(1), { constructor: 'Map', length: 3 });
    expect(through([pretender, named])).toStrictEqual<unknown[]>([
      { a: 1 },
      { x: 1, secret: 1, constructor: 'Map', length: 3 },
    ]);
  });

  it('with a toJSON come back as what that returns, as JSON has it', () => {
    class Money {
      constructor(readonly amount: bigint) {}
      toJSON(): unknown {
        return { amount: this.amount, at: new Date(0) };
      }
    }
    class Same {
      readonly a = 1;
      toJSON(): this {
        return this;
      }
    }
    expect(through({ price: new Money(5n) })).toStrictEqual({ price: { amount: 5n, at: new Date(0) } });
    expect(through({ toJSON: () => [1] })).toStrictEqual([1]);
    expect(through([new Same()])).toStrictEqual([{ a: 1 }]);
    expect(through(new URL('https://example.org/a'))).toBe('https://example.org/a');
  });

  it('a getter of the object itself is read', () => {
    expect(
      through({
        get map() {
          return new Map([[1, 2]]);
        },
      }),
    ).toStrictEqual({ map: new Map([[1, 2]]) });
  });
});

describe('references', () => {
  it('an object that is referred to twice comes back as two that are equal', () => {
    const shared = { list: [1, new Date(0)] };
    const output = through({ a: shared, b: [shared], c: new Map([[shared, shared]]) }) as {
      a: object;
      b: object[];
    };
    expect(output).toStrictEqual({ a: shared, b: [shared], c: new Map([[shared, shared]]) });
    expect(output.b[0]).not.toBe(output.a);
  });

  it('256 levels come back, of whatever type', () => {
    const wraps: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ inner }),
      (inner) => new Map([[inner, 1]]),
      (inner) => new Map([[1, inner]]),
      (inner) => new Set([inner]),
      (inner) => new Error('m', { cause: inner }),
      (inner) => Object.assign(Object.create(null), { inner }) as object,
    ];
    for (const wrap of wraps) {
      let input: unknown = 1;
      for (let depth = 0; depth < 256; depth++) input = wrap(input);
      expectSame(input);
    }
    let rows: unknown = 1;
    for (let depth = 0; depth < 256; depth += 2) rows = [{ rows }, { rows: 1 }, { rows: 1 }, { rows: 1 }];
    expectSame(rows);
  });
});
