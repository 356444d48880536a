import { types } from 'node:util';
import { CacheError } from '../errors.js';
import { classNameOf, describeType } from './describe-type.js';
import { describeContentless } from './contentless.js';
import { encodeText } from './encoding.js';
import { sha256 } from './sha256.js';

/** Deeper than any data worth a cache key, and far from the end of the call stack. */
const MAX_DEPTH = 200;

/** Longer lists of arguments are replaced by a digest, so that a key keeps room for its name. */
const MAX_ARGUMENTS_LENGTH = 120;

/**
 * The canonical text of a value: equal values give one text, values that differ give two, in every process and
 * every version of Node. What is equal:
 *
 * - Primitives of the same type and value; 0 and -0 are equal, and so is NaN to itself. 1, '1', 1n, `[1]`,
 *   `true`, 'true', `null`, `undefined`, a Date and its text all differ. Text is compared by its UTF-16 units.
 * - Objects with equal fields in any order, when they are both plain or both of a class of that name. Fields are
 *   the own enumerable ones; a getter among them is read, `toJSON` is not called. A field that is `undefined` is
 *   not a missing one, because `{ ...defaults, ...options }` tells them apart.
 * - Arrays with equal items in the same order; a hole is not `undefined`.
 * - Maps and Sets with equal members in any order.
 * - Dates of the same time, regular expressions, URLs and URLSearchParams of the same text, buffers and typed
 *   arrays of the same type and items. Fields that somebody put on them, on an array or a Map do not count.
 *
 * Of a class instance, what only the class itself can see (`#private` fields, closures) takes no part.
 *
 * @param path what the value is, for the message: "argument 2"
 * @throws CacheError `CACHE_INVALID_KEY` for functions, symbols, promises, streams, weak collections, errors and
 * other objects without visible content, and for circular or very deep structures. The message names the place
 * in the value, `argument 2 (filters.owner)`, and never what is there.
 */
export function canonicalize(value: unknown, path: string): string {
  return new CanonicalWriter(path).write(value);
}

/**
 * A list of arguments as text that can stand in a key, without collisions: `42,ann,%n`. Lists are equal when they
 * are as long and their items are, as told at {@link canonicalize}.
 *
 * - A string is encoded as in a template, a number, bigint or boolean is its text. A string that reads like one
 *   of those is marked: `%q42`.
 * - Objects become `%h` + digest. A list of over 120 characters becomes `%l` + digest as a whole.
 *
 * @param of whose arguments they are, for the message
 * @throws CacheError `CACHE_INVALID_KEY` as `canonicalize` does
 */
export function encodeArguments(args: readonly unknown[], of?: string): string {
  if (args.length === 0) return '%v';
  let text = '';
  for (let index = 0; index < args.length; index += 1) {
    text += (index === 0 ? '' : ',') + encodeArgument(args[index], index, of);
  }
  return text.length > MAX_ARGUMENTS_LENGTH ? `%l${sha256(text, 'base64url')}` : text;
}

function encodeArgument(value: unknown, index: number, of: string | undefined): string {
  switch (typeof value) {
    case 'string':
      return (looksTyped(value) ? '%q' : '') + encodeText(value);
    case 'number':
      return String(value);
    case 'bigint':
      return `%i${value}`;
    case 'boolean':
      return String(value);
    case 'undefined':
      return '%u';
    default:
      if (value === null) return '%n';
      return `%h${sha256(canonicalize(value, placeOf(index, of)), 'base64url')}`;
  }
}

function placeOf(index: number, of: string | undefined): string {
  return `argument ${index + 1}${of === undefined ? '' : ` of ${of}`}`;
}

/** Whether an argument of another type has this very text. */
function looksTyped(text: string): boolean {
  return text === 'true' || text === 'false' || String(Number(text)) === text;
}

class CanonicalWriter {
  /** The objects that the current one lies in, and the way from the outermost one to it. */
  private readonly ancestors = new Set<object>();
  private readonly trail: string[] = [];

  constructor(private readonly path: string) {}

  write(value: unknown): string {
    switch (typeof value) {
      case 'string':
        // Quotes and backslashes are escaped, and so are lone surrogates, which have no UTF-8 to be hashed.
        return JSON.stringify(value);
      case 'bigint':
        return `${value}n`;
      case 'number':
      case 'boolean':
      case 'undefined':
        return String(value);
      case 'object':
        return value === null ? 'null' : this.writeObject(value);
      default:
        throw this.refusal(describeType(value));
    }
  }

  private writeObject(value: object): string {
    if (this.ancestors.has(value)) throw this.refusal('a circular reference');
    if (this.ancestors.size === MAX_DEPTH) throw this.refusal(`more than ${MAX_DEPTH} levels of objects`);
    this.ancestors.add(value);
    const text = this.writeContent(value);
    this.ancestors.delete(value);
    return text;
  }

  private writeContent(value: object): string {
    if (Array.isArray(value)) return this.named(value, 'Array', `[${this.items(value).join(',')}]`);
    if (types.isDate(value)) return this.named(value, 'Date', `Date(${value.getTime()})`);
    if (types.isMap(value)) return this.named(value, 'Map', `Map(${inAnyOrder(this.entries(value))})`);
    if (types.isSet(value)) return this.named(value, 'Set', `Set(${inAnyOrder(this.items([...value]))})`);
    if (types.isRegExp(value)) {
      const { source, flags, lastIndex } = value;
      return this.named(value, 'RegExp', `RegExp(${JSON.stringify(source)},${flags},${lastIndex})`);
    }
    if (value instanceof URL) return this.named(value, 'URL', `URL(${JSON.stringify(value.href)})`);
    if (value instanceof URLSearchParams) {
      return this.named(value, 'URLSearchParams', `URLSearchParams(${JSON.stringify(value.toString())})`);
    }
    if (types.isTypedArray(value)) {
      // Items, not bytes: those differ from one byte order to the other.
      const type = value[Symbol.toStringTag];
      return this.named(value, type, `${type}(${value.join(',')})`);
    }
    if (types.isAnyArrayBuffer(value)) return this.named(value, 'ArrayBuffer', `ArrayBuffer(${hex(value)})`);
    if (types.isDataView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      return this.named(value, 'DataView', `DataView(${hex(buffer, byteOffset, byteLength)})`);
    }
    const contentless = describeContentless(value);
    if (contentless !== undefined) throw this.refusal(contentless);
    return this.named(value, 'Object', `{${this.fields(value).join(',')}}`);
  }

  /** The class goes before the content, quoted like no content is, unless it is the usual one. */
  private named(value: object, usual: string, content: string): string {
    const name = classNameOf(value);
    if (name === undefined) throw this.refusal('an object whose prototype is no class');
    return name === usual ? content : JSON.stringify(name) + content;
  }

  private items(values: readonly unknown[]): string[] {
    const texts: string[] = [];
    for (let index = 0; index < values.length; index += 1) {
      texts.push(index in values ? this.at(`[${index}]`, values[index]) : 'hole');
    }
    return texts;
  }

  private entries(map: ReadonlyMap<unknown, unknown>): string[] {
    return Array.from(map, ([key, value], index) => {
      return `${this.at(`[key ${index}]`, key)}=>${this.at(`[value ${index}]`, value)}`;
    });
  }

  private fields(value: object): string[] {
    return Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${this.at(propertyStep(name), field)}`);
  }

  private at(step: string, value: unknown): string {
    this.trail.push(step);
    const text = this.write(value);
    this.trail.pop();
    return text;
  }

  private refusal(found: string): CacheError {
    const trail = this.trail.join('').replace(/^\./, '');
    const place = trail === '' ? this.path : `${this.path} (${trail})`;
    return new CacheError(
      'CACHE_INVALID_KEY',
      `Expected ${place} to be data that can be compared by its content, got ${found}. ` +
        'Leave it out, or make the key of something that has content, such as an id (`key` of @Cacheable or `defineCache`).',
    );
  }
}

/** One step into an object, as code would write it. A name that no code would have may be somebody's data. */
function propertyStep(name: string): string {
  return /^[A-Za-z_$][\w$]{0,39}$/.test(name) ? `.${name}` : '[…]';
}

function inAnyOrder(texts: readonly string[]): string {
  return texts.toSorted().join(',');
}

function hex(buffer: ArrayBufferLike, byteOffset = 0, byteLength = buffer.byteLength): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}
