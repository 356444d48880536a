import { EventEmitter } from 'node:events';
import { classNameOf, describeType } from './describe-type.js';

/**
 * What it is about an object of no known type that keeps it from being compared by its fields; `undefined` when
 * nothing does. Two such objects would look alike and share an entry that belongs to one of them.
 */
export function describeContentless(value: object): string | undefined {
  if (classNameOf(value) !== 'Object') {
    if (value instanceof EventEmitter) return 'a stream or another event emitter';
    if (Symbol.asyncIterator in value) return 'a stream or another async iterable';
    if ('then' in value && typeof value.then === 'function') return 'a promise or another thenable';
    // Built-in types keep their content out of sight: Error, WeakMap, Intl, Temporal, Blob, Headers, new String().
    const isBuiltIn = Object.prototype.toString.call(value) !== '[object Object]';
    if (isBuiltIn || hidesContent(value)) {
      return `${describeType(value)}, whose content is not in fields of its own`;
    }
  }
  const symbols = Object.getOwnPropertySymbols(value);
  const isField = (symbol: symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol);
  return symbols.some(isField) ? 'an object with symbols as field names' : undefined;
}

/**
 * A class with methods or accessors but an instance without fields: what tells one instance from another is
 * private. A class with neither is a plain form that was left empty, as validation makes them of a query string.
 */
function hidesContent(value: object): boolean {
  if (Object.keys(value).length > 0) return false;
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (Reflect.ownKeys(prototype).some((name) => name !== 'constructor')) return true;
  }
  return false;
}
