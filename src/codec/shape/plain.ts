import { hidesContent } from '../leaves.js';

// Whoever replaces Date later on (fake timers do) makes dates of another kind, which have another form.
export const PlainDate = Date;

/** Whether JSON keeps a primitive exactly. */
export function isPlainPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}

/** Whether an object, not an array and not a Date, comes back as an object of its fields. */
export function isData(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || (prototype !== null && isDataOfClass(value));
}

function isDataOfClass(value: object): boolean {
  return (
    !('toJSON' in value) &&
    Object.prototype.toString.call(value) === '[object Object]' &&
    !hidesContent(value)
  );
}
