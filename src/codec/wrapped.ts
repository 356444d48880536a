/**
 * A value that MessagePack has no faithful form for, as a tag and what it is made of. It travels as an extension
 * type around an array; {@link revive} makes the value again.
 */
export class Wrapped {
  constructor(readonly parts: readonly unknown[]) {}
}

/** First of the parts. Stored in entries: a number never changes its meaning, new ones go to the end. */
export const Tag = {
  /** UTF-16 bytes: text that UTF-8 cannot hold, or that a decoder would trim. */
  Text: 0,
  MinusZero: 1,
  /** key, value, key, value … */
  Map: 2,
  /** item, item … */
  Set: 3,
  /** has no prototype, name, value, name, value …: an object that cannot travel as a plain one. */
  Fields: 4,
  /** length, index, item, index, item …: an array with holes. */
  Sparse: 5,
  /** class name, bytes in the order of the machine: an ArrayBuffer or a view of one. */
  Bytes: 6,
  /** source, flags. */
  RegExp: 7,
  /** class name, [name, value …] of hidden properties, [name, value …] of visible ones. */
  Error: 8,
  /** A primitive that is boxed in an object. */
  Boxed: 9,
} as const;

/** Makes an error of each class that the language itself has. */
const errorMakers = new Map<unknown, () => Error>([
  ['Error', () => new Error()],
  ['AggregateError', () => new AggregateError([])],
  ['EvalError', () => new EvalError()],
  ['RangeError', () => new RangeError()],
  ['ReferenceError', () => new ReferenceError()],
  ['SyntaxError', () => new SyntaxError()],
  ['TypeError', () => new TypeError()],
  ['URIError', () => new URIError()],
]);

const bytesMakers = new Map<unknown, (buffer: ArrayBuffer) => object>([
  ['ArrayBuffer', (buffer) => buffer],
  ['DataView', (buffer) => new DataView(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
]);

/** The name under which an error or a view of its class is stored, if there is one. */
export const isErrorClass = (name: unknown): name is string => errorMakers.has(name);
export const isBytesClass = (name: unknown): name is string => bytesMakers.has(name);

/**
 * The value that the parts were made of. They may be anything: whoever can write to Redis wrote them.
 *
 * @throws Error when no value has such parts
 */
export function revive(parts: unknown): unknown {
  if (!Array.isArray(parts)) throw malformed();
  const [tag, first, second, third] = parts as readonly unknown[];
  switch (tag) {
    case Tag.Text:
      return bufferOf(first).toString('utf16le');
    case Tag.MinusZero:
      return -0;
    case Tag.Map:
      return new Map(pairsOf(parts, 1));
    case Tag.Set:
      return new Set(parts.slice(1));
    case Tag.Fields:
      return reviveFields(first === true, pairsOf(parts, 2));
    case Tag.Sparse:
      return reviveSparse(first, pairsOf(parts, 2));
    case Tag.Bytes:
      return reviveBytes(first, bufferOf(second));
    case Tag.RegExp:
      return new RegExp(stringOf(first), stringOf(second));
    case Tag.Error:
      return reviveError(first, second, third);
    case Tag.Boxed:
      return Object(first);
    default:
      throw malformed();
  }
}

function reviveFields(isBare: boolean, fields: readonly [unknown, unknown][]): object {
  const object: object = isBare ? Object.create(null) : {};
  for (const [name, value] of fields) define(object, stringOf(name), value, true);
  return object;
}

function reviveSparse(length: unknown, items: readonly [unknown, unknown][]): unknown[] {
  const array: unknown[] = [];
  // So long an array gets no memory for its holes, and neither does it when cut to size: a few bytes that claim
  // a great length cost nothing.
  array.length = 0xffff_ffff;
  array.length = integerBelow(length, 0x1_0000_0000);
  for (const [index, item] of items) array[integerBelow(index, array.length)] = item;
  return array;
}

function reviveBytes(name: unknown, bytes: Buffer): object {
  const make = bytesMakers.get(name);
  if (make === undefined) throw malformed();
  const { buffer, byteOffset, byteLength } = bytes;
  return make(new Uint8Array(buffer, byteOffset, byteLength).slice().buffer);
}

function reviveError(name: unknown, hidden: unknown, visible: unknown): Error {
  const error = errorMakers.get(name)?.();
  if (error === undefined || !Array.isArray(hidden) || !Array.isArray(visible)) throw malformed();
  for (const [key, value] of pairsOf(hidden, 0)) define(error, stringOf(key), value, false);
  for (const [key, value] of pairsOf(visible, 0)) define(error, stringOf(key), value, true);
  return error;
}

/** Unlike an assignment, makes even `__proto__` a property like any other. */
function define(object: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true });
}

function pairsOf(parts: readonly unknown[], from: number): [unknown, unknown][] {
  if ((parts.length - from) % 2 !== 0) throw malformed();
  const pairs: [unknown, unknown][] = [];
  for (let index = from; index < parts.length; index += 2) pairs.push([parts[index], parts[index + 1]]);
  return pairs;
}

function bufferOf(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw malformed();
  return value;
}

function stringOf(value: unknown): string {
  if (typeof value !== 'string') throw malformed();
  return value;
}

function integerBelow(value: unknown, limit: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= limit) throw malformed();
  return value;
}

function malformed(): Error {
  return new Error('A wrapped value is malformed');
}
