/**
 * Says what kind of value this is, for an error message: its type or class, never anything of its content, which
 * may be personal data.
 */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object') {
    if (Array.isArray(value)) return 'an array';
    const name = classNameOf(value);
    return name === undefined || name === 'Object'
      ? 'an object'
      : `an object (${name || 'of an unnamed class'})`;
  }
  if (Number.isNaN(value)) return 'NaN';
  return `a ${typeof value}`;
}

/**
 * The name of the class that made an object; `'Object'` for plain ones, `undefined` when its prototype is no
 * class. Read from the prototype alone: a field named `constructor` is content.
 */
export function classNameOf(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return 'Object';
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof constructor !== 'function') return undefined;
  return typeof constructor.name === 'string' ? constructor.name : '';
}
