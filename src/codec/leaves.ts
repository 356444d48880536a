/// <reference lib="es2024.string" />
import { types } from 'node:util';
import { Refusal } from './refusal.js';
import { isBytesClass, Tag, Wrapped } from './wrapped.js';

const MINUS_ZERO = new Wrapped([Tag.MinusZero]);

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);

/** The storable form of a primitive. */
export function formOfPrimitive(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return formOfText(value);
    case 'number':
      return Object.is(value, -0) ? MINUS_ZERO : value;
    case 'function':
      throw new Refusal('a function');
    case 'symbol':
      throw new Refusal('a symbol');
    default:
      return value;
  }
}

/** UTF-8 has no lone surrogates, and decoders take a leading U+FEFF for a byte order mark. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && text.charCodeAt(0) !== 0xfeff;
}

export function formOfText(text: string): unknown {
  return isPlainText(text) ? text : new Wrapped([Tag.Text, Buffer.from(text, 'utf16le')]);
}

/**
 * The storable form of an object of a built-in type that holds no other values, `undefined` for any other object.
 * The types are told apart by what they are, not by their prototype, which another realm has its own of.
 */
export function formOfLeaf(value: object): unknown {
  if (types.isDate(value)) {
    const isPlain = Object.getPrototypeOf(value) === Date.prototype;
    return isPlain ? value : new Date(Date.prototype.getTime.call(value));
  }
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) {
    return wrapBytes(classOfView(value), Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  if (types.isArrayBuffer(value)) return wrapBytes('ArrayBuffer', Buffer.from(value));
  if (types.isRegExp(value)) return new Wrapped([Tag.RegExp, formOfText(value.source), value.flags]);
  if (types.isBoxedPrimitive(value)) return new Wrapped([Tag.Boxed, formOfPrimitive(value.valueOf())]);
  if (types.isPromise(value)) throw new Refusal('a promise');
  if (types.isWeakMap(value) || types.isWeakSet(value)) throw new Refusal('a weak collection');
  if (types.isSharedArrayBuffer(value)) throw new Refusal('a SharedArrayBuffer');
  return undefined;
}

/** Whatever a subclass says, and whatever realm it comes from. */
function classOfView(view: ArrayBufferView): unknown {
  if (types.isDataView(view)) return 'DataView';
  return Reflect.get(typedArrayPrototype, Symbol.toStringTag, view);
}

function wrapBytes(name: unknown, bytes: Buffer): Wrapped {
  if (!isBytesClass(name)) throw new Refusal(`a ${String(name)}`);
  return new Wrapped([Tag.Bytes, name, bytes]);
}

/**
 * Whether all that an instance has is where only its class can see it: there are no fields, but there are accessors
 * or a `Symbol.toStringTag`, as the types of the platform have (URLSearchParams, Blob, Intl, WeakRef …).
 */
export function hidesContent(value: object): boolean {
  if (Object.keys(value).length > 0) return false;
  if (Symbol.toStringTag in value) return true;
  let prototype: unknown = Object.getPrototypeOf(value);
  while (typeof prototype === 'object' && prototype !== null) {
    const next: unknown = Object.getPrototypeOf(prototype);
    // The last of the chain is Object.prototype, whose `__proto__` is an accessor.
    if (next !== null && hasAccessor(prototype)) return true;
    prototype = next;
  }
  return false;
}

function hasAccessor(object: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(object)).some((property) => 'get' in property);
}

/** For messages: the name of the class that made an object. */
export function classNameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  const constructor: unknown =
    typeof prototype === 'object' && prototype !== null ? Reflect.get(prototype, 'constructor') : undefined;
  return typeof constructor === 'function' ? constructor.name : 'of no class';
}
