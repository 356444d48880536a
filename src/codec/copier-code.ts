import { copyPlain, PlainDate } from './plain-copy.js';
import type { Place, Variant } from './value-shape.js';

export type Copy = (master: unknown) => unknown;

/**
 * A function that copies the values of a shape: for `{ id, at: Date, tags: string[] }`
 *
 *     function f0(x) { return { "id": x["id"], "at": new PlainDate(x["at"]), "tags": x["tags"].slice() }; }
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
  const code = `return (x) => ${copyOf(root, 'x', functions)};`;
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  const make = new Function(
    'copyPlain',
    'PlainDate',
    'hasOwn',
    `"use strict";\n${functions.join('\n')}\n${code}`,
  );
  return make(copyPlain, PlainDate, Object.hasOwn) as Copy;
}

/** An expression that copies what is at a place. Functions that it calls go to the list. */
function copyOf(place: Place, source: string, functions: string[]): string {
  if (place.mixed) return `copyPlain(${source})`;
  const copy = copyOfObject(place, source, functions);
  if (copy === undefined) return source;
  return place.primitive
    ? `(typeof ${source} === "object" && ${source} !== null ? ${copy} : ${source})`
    : copy;
}

function copyOfObject(place: Place, source: string, functions: string[]): string | undefined {
  if (place.date) return `new PlainDate(${source}.getTime())`;
  if (place.items !== undefined) return copyOfArray(place.items, source, functions);
  if (place.variants.length > 0) return copyOfVariant(place.variants, source, functions);
  return undefined;
}

function copyOfArray(items: Place, source: string, functions: string[]): string {
  const item = copyOf(items, 'x', functions);
  if (item === 'x') return `${source}.slice()`;
  const body = `const copy = a.slice(); for (let i = 0; i < copy.length; i++) { const x = copy[i]; copy[i] = ${item}; } return copy;`;
  return `${define(`(a) { ${body} }`, functions)}(${source})`;
}

/** Asks for fields that some have and others have not, until one variant is left. */
function copyOfVariant(variants: readonly Variant[], source: string, functions: string[]): string {
  const [first] = variants;
  const telling = variants.flatMap(({ names }) => names).find((name) => !variants.every(has(name)));
  if (first !== undefined && telling === undefined) return copyOfFields(first, source, functions);
  const name = telling ?? '';
  const those = copyOfVariant(variants.filter(has(name)), source, functions);
  const others = copyOfVariant(
    variants.filter((variant) => !has(name)(variant)),
    source,
    functions,
  );
  return `(hasOwn(${source}, ${literal(name)}) ? ${those} : ${others})`;
}

const has =
  (name: string) =>
  ({ names }: Variant) =>
    names.includes(name);

function copyOfFields({ names, places }: Variant, source: string, functions: string[]): string {
  const fields = places.map((place, index) => {
    const name = literal(names[index] ?? '');
    return `${name}: ${copyOf(place, `x[${name}]`, functions)}`;
  });
  return `${define(`(x) { return { ${fields.join(', ')} }; }`, functions)}(${source})`;
}

/** The name of a new function. */
function define(rest: string, functions: string[]): string {
  const name = `f${functions.length}`;
  functions.push(`function ${name}${rest}`);
  return name;
}

/** Old engines take U+2028 and U+2029 for ends of lines. */
const literal = (name: string): string =>
  JSON.stringify(name)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
