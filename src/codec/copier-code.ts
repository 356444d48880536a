import { copyPlain, PlainDate } from './plain-copy.js';
import type { Place, Variant } from './value-shape.js';

export type Copy = (master: unknown) => unknown;

/**
 * A function that copies the values of a shape: for `{ id, at: Date, tags: string[] }`
 *
 *     let x0, x1, x2;
 *     return (x0 = x, { "id": x0["id"], "at": (x1 = x0["at"], new PlainDate(x1.getTime())), "tags": … });
 *
 * Names of fields are all of the data that gets into the code, and only as string literals that `JSON.stringify` has
 * written. Such a literal ends where the name ends, whatever the name is: quotes, backslashes, control characters and
 * lone surrogates are escaped. Neither `["…"]` nor `"…":` mean anything but the field of that name, with one
 * exception: `"__proto__":`. Values with such a field have no shape. Serializers of JSON and validators of schemas
 * make code in the same way.
 *
 * @throws EvalError where the process may not make code from strings (`--disallow-code-generation-from-strings`)
 */
export function compileCopy(root: Place): Copy {
  const functions: string[] = [];
  const body = new FunctionBody(functions);
  const copy = body.copyOf(root, 'x');
  functions.push(`return (x) => { ${body.declarations} return ${copy}; };`);
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  const make = new Function('copyPlain', 'PlainDate', 'hasOwn', `"use strict";\n${functions.join('\n')}`);
  return make(copyPlain, PlainDate, Object.hasOwn) as Copy;
}

/** Writes expressions that copy, and counts the variables that they need. */
class FunctionBody {
  private variables = 0;

  constructor(
    /** The code of functions that it calls goes to these. */
    private readonly functions: string[],
  ) {}

  get declarations(): string {
    const names = Array.from({ length: this.variables }, (_, index) => `x${index}`);
    return names.length > 0 ? `let ${names.join(', ')};` : '';
  }

  /** An expression that copies what `source` gives, which it asks once. */
  copyOf(place: Place, source: string): string {
    if (place.mixed) return `copyPlain(${source})`;
    if (!place.date && place.items === undefined && place.variants.length === 0) return source;
    const x = `x${this.variables++}`;
    const copy = this.copyOfObject(place, x);
    if (!place.primitive) return `(${x} = ${source}, ${copy})`;
    return `(typeof (${x} = ${source}) === "object" && ${x} !== null ? ${copy} : ${x})`;
  }

  private copyOfObject(place: Place, x: string): string {
    if (place.date) return `new PlainDate(${x}.getTime())`;
    return place.items === undefined
      ? this.copyOfVariants(place.variants, x)
      : this.copyOfArray(place.items, x);
  }

  /** Loops need statements, and thus a function. */
  private copyOfArray(items: Place, x: string): string {
    const body = new FunctionBody(this.functions);
    const item = body.copyOf(items, 'a[i]');
    if (item === 'a[i]') return `${x}.slice()`;
    const name = `f${this.functions.length}`;
    const loop = `for (let i = 0; i < a.length; i++) a[i] = ${item};`;
    this.functions.push(`function ${name}(a) { ${body.declarations} ${loop} return a; }`);
    return `${name}(${x}.slice())`;
  }

  /** Asks for fields that some have and others have not, until one variant is left. */
  private copyOfVariants(variants: readonly Variant[], x: string): string {
    const name = variants.flatMap(({ names }) => names).find((each) => !variants.every(has(each)));
    if (name === undefined) return variants.map((variant) => this.copyOfFields(variant, x)).join();
    const those = variants.filter(has(name));
    const others = variants.filter((variant) => !those.includes(variant));
    return `(hasOwn(${x}, ${literal(name)}) ? ${this.copyOfVariants(those, x)} : ${this.copyOfVariants(others, x)})`;
  }

  private copyOfFields({ names, places }: Variant, x: string): string {
    const fields = places.map((place, index) => {
      const name = literal(names[index] ?? '');
      return `${name}: ${this.copyOf(place, `${x}[${name}]`)}`;
    });
    return `{ ${fields.join(', ')} }`;
  }
}

const has =
  (name: string) =>
  ({ names }: Variant) =>
    names.includes(name);

/** Old engines take U+2028 and U+2029 for ends of lines. */
const literal = (name: string): string =>
  JSON.stringify(name)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
