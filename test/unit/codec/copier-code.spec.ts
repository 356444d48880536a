import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { compileCopy } from '../../../src/codec/copier-code.js';
import { Copier } from '../../../src/codec/copier.js';
import { ValueShape } from '../../../src/codec/value-shape.js';
import { buildFleet } from '../../support/fleet-build.js';
import { copiesWell, decoded, HOSTILE_NAMES, isSame, plain } from './support/copies.js';
import { bot } from './support/values.js';

/** What the code that is made for some values makes of the first of them; throws when it is no code at all. */
function copyByCode(...masters: readonly unknown[]): unknown {
  const shape = new ValueShape();
  for (const master of masters) expect(shape.include(master)).toBe(true);
  return compileCopy(shape.root)(masters[0]);
}

describe('names of fields', () => {
  it('get into the code as names, whatever they are', () => {
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        const masters = [one, other].map(decoded);
        return isSame(copyByCode(...masters), masters[0]);
      }),
      { numRuns: 500 },
    );
  });

  it.each(HOSTILE_NAMES)('%j gets into the code as a name', (name) => {
    const inner = { [name]: name };
    const master = { [name]: [inner, {}], [`${name}${name}`]: { [name]: new Date(1) } };
    expect(isSame(copyByCode(master, { [name]: null }, inner), master)).toBe(true);
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

  function copy(copier: Copier, master: unknown, times: number): void {
    for (let count = 0; count < times; count++) copier.copy(master);
  }

  it('is made once for all values that look alike', () => {
    const copier = new Copier(100);
    for (let index = 0; index < 1000; index++) {
      const master = { ...bot, id: `${index}` };
      expect(copier.learn(master)).toBe(true);
      copy(copier, master, 2);
    }
    expect(made).toHaveLength(1);
  });

  it('is not made for what is copied seldom', () => {
    const copier = new Copier(100);
    copier.learn(bot);
    copy(copier, bot, 99);
    expect(made).toHaveLength(0);
    copy(copier, bot, 2);
    expect(made).toHaveLength(1);
  });

  it('is made anew less and less often while values look different again and again', () => {
    const copier = new Copier(10);
    for (let index = 0; index < 60; index++) {
      const master = { rows: [{ [`f${index}`]: 1 }], [`more${index % 7}`]: index };
      copier.learn(master);
      copy(copier, master, 10);
    }
    expect(made.length).toBeLessThan(6);
  });

  it('knows nothing of the fields of a dictionary', () => {
    const copier = new Copier(1);
    const wide = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`user${index}`, index]));
    const narrow = Array.from({ length: 20 }, (_, index) => ({ [`user${index}`]: index }));
    const master = { wide, narrow };
    copier.learn(master);
    copy(copier, master, 3);
    expect(made).toHaveLength(1);
    expect(made[0]).not.toContain('user');
  });

  it('has a limited size, however many fields there are', () => {
    const copier = new Copier(1);
    const row = (name: string) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${name}.${i}`, [i]]));
    const master = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`row${i}`, row(`${i}`)]));
    copier.learn(master);
    copy(copier, master, 3);
    expect(made[0]?.match(/:/g)?.length).toBeLessThanOrEqual(1000);
  });
});

it('a process that may not make code from strings copies without', async () => {
  const build = await buildFleet();
  try {
    const program = `
      import { Copier } from ${JSON.stringify(join(build.directory, 'src/codec/copier.js'))};
      const master = { list: [{ a: 1, at: new Date(5) }], tags: ['a'] };
      for (let time = 0; time < 2; time++) {
        const copier = new Copier(1);
        copier.learn(master);
        for (let count = 0; count < 3; count++) {
          const copy = copier.copy(master);
          copy.list[0].at.setTime(6);
          copy.tags.push(count);
        }
        console.log(JSON.stringify(copier.copy(master)));
      }`;
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
    for (let time = 0; time < 3; time++) {
      const copier = new Copier(1);
      expect(copier.learn(bot) && copiesWell(copier, bot)).toBe(true);
    }
    expect(tries).toBe(1);
  } finally {
    globalThis.Function = RealFunction;
  }
});
