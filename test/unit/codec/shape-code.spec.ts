import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { compileBuild } from '../../../src/codec/shape/build-code.js';
import { KnownShapes } from '../../../src/codec/shape/known-shapes.js';
import { shapeTextOf } from '../../../src/codec/shape/shape-of.js';
import { Shape } from '../../../src/codec/shape/shape.js';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { buildFleet } from '../../support/fleet-build.js';
import { HOSTILE_NAMES, isSame, plain } from './support/copies.js';
import { bot } from './support/values.js';

const codec = new ValueCodec();

/** A name of a field for each number. */
const nameOf = (index: number): string =>
  `f${index}`.replaceAll(/\d/g, (digit) => 'abcdefghij'[+digit] ?? '');

function isShape(text: string): boolean {
  try {
    return new Shape(text).id.length > 0;
  } catch {
    return false;
  }
}

/** What the code that is made for the shape of a value makes of its leaves; throws when it is no code at all. */
function madeByCode(value: unknown): unknown {
  const text = shapeTextOf(value);
  if (text === undefined || !isShape(text)) return value;
  const shaped = new KnownShapes().split(value);
  return compileBuild(new Shape(text).layout.root)(shaped?.leaves ?? []);
}

describe('names of fields', () => {
  it('get into the code as names, whatever they are', () => {
    fc.assert(
      fc.property(plain, (value) => isSame(madeByCode(value), value)),
      { numRuns: 500 },
    );
  });

  it.each(HOSTILE_NAMES)('%j gets into the code as a name', (name) => {
    const inner = { [name]: name };
    const value = { [name]: [inner, {}], [`${name}${name}`]: { [name]: new Date(1) } };
    expect(isSame(madeByCode(value), value)).toBe(true);
  });
});

describe('code', () => {
  /** The code that was made. */
  let made: string[];
  const { Function: RealFunction } = globalThis;

  beforeEach(() => {
    made = [];
    globalThis.Function = new Proxy(RealFunction, {
      construct(target, args: string[]) {
        made.push(args.at(-1) ?? '');
        return Reflect.construct(target, args) as object;
      },
    });
  });

  afterEach(() => {
    globalThis.Function = RealFunction;
  });

  function decode(value: unknown, times: number): void {
    const bytes = codec.encode(value);
    for (let count = 0; count < times; count++) codec.decode(bytes);
  }

  it('is made once for all values that look alike, also for copies', () => {
    for (let index = 0; index < 1000; index++) {
      const bytes = codec.encode({ ...bot, once: `${index}` });
      codec.decode(bytes);
      const kept = codec.keep(bytes);
      for (let count = 0; count < 5; count++) kept?.make();
    }
    expect(made).toHaveLength(1);
  });

  it('is not made for what is seldom', () => {
    decode({ seldom: 1 }, 99);
    expect(made).toHaveLength(0);
    decode({ seldom: 2 }, 2);
    expect(made).toHaveLength(1);
  });

  it('is not made while values look different again and again', () => {
    for (let index = 0; index < 500; index++) decode({ [nameOf(index)]: 1 }, 10);
    expect(made).toHaveLength(0);
  });

  it('has a limited size, however many fields there are', () => {
    const row = (name: string, fields: number) =>
      Object.fromEntries(Array.from({ length: fields }, (_, i) => [`${name}_${nameOf(i)}`, i]));
    const value = (fields: number) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`row${i}`, row(nameOf(i), fields)]));
    decode(value(60), 200);
    expect(made).toHaveLength(0);
    decode(value(10), 200);
    expect(made).toHaveLength(1);
  });
});

describe('shapes that are known', () => {
  const shape = (index: number): Shape => new Shape(`{"${nameOf(index)}":0}`);

  it('are the ones that were met last', () => {
    const known = new KnownShapes();
    const often = shape(9_999);
    known.remember(often);
    for (let index = 0; index < 5_000; index++) {
      known.remember(shape(index));
      if (index % 100 === 0) expect(known.find(often.id, 0)).toBe(often);
    }
    expect(known.find(shape(0).id, 0)).toBeUndefined();
    expect(known.find(shape(4_999).id, 0)).toBeDefined();
    const count = Array.from({ length: 5_000 }, (_, index) => known.find(shape(index).id, 0)).filter(Boolean);
    expect(count.length).toBeLessThanOrEqual(1_500);
    expect(count.length).toBeGreaterThan(600);
  });

  it('are fewer when they are large', () => {
    const known = new KnownShapes();
    const fields = Array.from({ length: 60 }, (_, index) => `"${nameOf(index)}":0`).join();
    const large = (index: number) =>
      `{"${nameOf(index)}":{${Array.from({ length: 15 }, (_, i) => `"${nameOf(i)}":{${fields}}`).join()}}}`;
    const shapes = Array.from({ length: 300 }, (_, index) => new Shape(large(index)));
    for (const each of shapes) known.remember(each);
    expect(shapes.filter((each) => known.find(each.id, 0) !== undefined).length).toBeLessThan(150);
  });

  it('are one for values that look alike', () => {
    const known = new KnownShapes();
    const first = known.split({ id: 1 })?.shape;
    for (let index = 0; index < 50; index++) known.split({ [nameOf(index)]: 1 });
    expect(known.split({ id: 2 })?.shape).toBe(first);
  });
});

it('a process that may not make code from strings makes values without', async () => {
  const build = await buildFleet();
  try {
    const program = `
      import { ValueCodec } from ${JSON.stringify(join(build.directory, 'src/codec/value-codec.js'))};
      const codec = new ValueCodec();
      const bytes = codec.encode({ list: [{ a: 1, at: new Date(5) }], tags: ['a'] });
      const kept = codec.keep(bytes);
      for (let count = 0; count < 300; count++) {
        for (const value of [kept.make(), codec.decode(bytes)]) {
          value.list[0].at.setTime(6);
          value.tags.push(count);
        }
      }
      for (const value of [kept.make(), codec.decode(bytes)]) console.log(JSON.stringify(value));`;
    const node = promisify(execFile);
    const flag = '--disallow-code-generation-from-strings';
    const { stdout, stderr } = await node(process.execPath, [flag, '--input-type=module', '-e', program]);
    const expected = '{"list":[{"a":1,"at":"1970-01-01T00:00:00.005Z"}],"tags":["a"]}\n';
    expect({ stdout, stderr }).toEqual({ stdout: expected.repeat(2), stderr: '' });
  } finally {
    await build.remove();
  }
});

// Last, for the module remembers it.
it('a process that may not make code from strings tries it once', () => {
  const { Function: RealFunction } = globalThis;
  let tries = 0;
  globalThis.Function = new Proxy(RealFunction, {
    construct() {
      tries += 1;
      throw new EvalError('Code generation from strings disallowed for this context');
    },
  });
  try {
    for (const name of ['one', 'two', 'three']) {
      const value = { ...bot, [name]: 1 };
      const bytes = codec.encode(value);
      for (let time = 0; time < 110; time++) expect(isSame(codec.decode(bytes), value)).toBe(true);
    }
    expect(tries).toBe(1);
  } finally {
    globalThis.Function = RealFunction;
  }
});
