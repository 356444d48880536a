/** As deep as the codec goes. */
const MAX_DEPTH = 256;

// Whoever replaces Date later on (fake timers do) makes dates of another kind, which are not copied.
export const PlainDate = Date;

/**
 * Whether a value that the codec has decoded can be copied by {@link copyPlain}: primitives, plain objects, arrays
 * without holes and dates, all the way down.
 *
 * No field is asked whether it is an accessor, hidden, or named by a symbol: the codec makes no such fields.
 */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return isPlainPrimitive(value);
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return everyItem(value, (item) => isPlain(item, depth + 1));
  if (isPlainDate(value)) return true;
  // A field `__proto__` would have to be copied with care.
  if (!isPlainObject(value) || Object.hasOwn(value, '__proto__')) return false;
  return Object.values(value).every((field) => isPlain(field, depth + 1));
}

export const isPlainPrimitive = (value: unknown): boolean =>
  typeof value !== 'function' && typeof value !== 'symbol';

export const isPlainDate = (value: object): boolean =>
  Object.getPrototypeOf(value) === PlainDate.prototype && value instanceof PlainDate;

export const isPlainObject = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype;

/** Unlike `every`, it passes no array that has a hole. */
export function everyItem(array: readonly unknown[], passes: (item: unknown) => boolean): boolean {
  for (let index = 0; index < array.length; index++) {
    const item = array[index];
    if (item === undefined && !Object.hasOwn(array, index)) return false;
    if (!passes(item)) return false;
  }
  return true;
}

/** A copy of any value of which {@link isPlain} holds. */
export function copyPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyArray(value);
  if (value instanceof PlainDate) return new PlainDate(value.getTime());
  return copyFields(value as Readonly<Record<string, unknown>>);
}

function copyArray(source: readonly unknown[]): unknown[] {
  const copy = source.slice();
  for (let index = 0; index < copy.length; index++) {
    const item = copy[index];
    if (typeof item === 'object' && item !== null) copy[index] = copyPlain(item);
  }
  return copy;
}

function copyFields(source: Readonly<Record<string, unknown>>): object {
  const copy = { ...source };
  for (const name of Object.keys(copy)) {
    const field = copy[name];
    if (typeof field === 'object' && field !== null) copy[name] = copyPlain(field);
  }
  return copy;
}
