import { hidesContent } from './leaves.js';
import { MAX_DEPTH, MAX_RECORD_FIELDS, MIN_REPETITIONS } from './storable.js';

/** Each path takes more room than the date does in MessagePack. */
const MAX_DATES = 32;

/** The names and indexes that lead from a value to a place in it. */
export type Path = (string | number)[];

/** A value that JSON keeps exactly, and where in it a number of milliseconds stands for a date. */
export interface Plain {
  readonly data: unknown;
  readonly dates: readonly Path[];
}

/**
 * What JSON keeps of a value is all there is to it, but for its dates: there are no types but strings, finite
 * numbers, booleans, null, objects and arrays. The value itself where there are no dates, so that it is looked at but
 * not copied. `undefined` for any other value, and for one with so many objects that have the same fields that
 * records are faster to read, and smaller. Leaves it to {@link toStorable} to say what cannot be stored at all.
 */
export function plainOf(value: unknown): Plain | undefined {
  const walk = new PlainWalk();
  try {
    const data = walk.plainOf(value, 0);
    return data === undefined ? undefined : { data, dates: walk.dates };
  } catch {
    // An accessor of the application has thrown it, or an object that only pretends to be a date.
    return undefined;
  }
}

/** `undefined` says: not plain. */
class PlainWalk {
  readonly dates: Path[] = [];
  /** How often an item of an array had the fields of the one before it. */
  private repetitions = 0;
  /** Number of fields, and name of the first, of the object that was visited last. */
  private width = 0;
  private firstName = '';

  plainOf(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : undefined;
      case 'object':
        return value === null ? null : this.plainOfObject(value, depth);
      default:
        return undefined;
    }
  }

  private plainOfObject(value: object, depth: number): unknown {
    if (depth >= MAX_DEPTH) return undefined;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Date.prototype) return this.plainOfDate(value);
    // JSON would call it, a hidden one too.
    if ('toJSON' in value) return undefined;
    if (Array.isArray(value)) return this.plainOfArray(value, depth);
    return prototype === Object.prototype || isDataOfClass(value)
      ? this.plainOfFields(value, depth)
      : undefined;
  }

  private plainOfDate(value: object): unknown {
    const time = Date.prototype.getTime.call(value);
    if (Number.isNaN(time) || this.dates.length === MAX_DATES) return undefined;
    this.dates.push([]);
    return time;
  }

  private plainOfFields(source: object, depth: number): unknown {
    const fields = source as Readonly<Record<string, unknown>>;
    let copy: Record<string, unknown> | undefined;
    let width = 0;
    let firstName = '';
    // Twice as fast as by `Object.keys`. What is inherited is looked at too, which does no harm.
    for (const name in fields) {
      if (name === '__proto__') return undefined;
      if (width++ === 0) firstName = name;
      const value = fields[name];
      const before = this.dates.length;
      const plain = this.plainOf(value, depth + 1);
      if (plain === value && plain !== undefined) continue;
      if (plain === undefined || !Object.hasOwn(fields, name)) return undefined;
      this.stepTo(name, before);
      (copy ??= { ...fields })[name] = plain;
    }
    this.width = width;
    this.firstName = firstName;
    return copy ?? source;
  }

  private plainOfArray(source: readonly unknown[], depth: number): unknown {
    let copy: unknown[] | undefined;
    let widthBefore = 0;
    let firstBefore = '';
    for (let index = 0; index < source.length; index++) {
      const value = source[index];
      const before = this.dates.length;
      this.width = 0;
      const plain = this.plainOf(value, depth + 1);
      // Holes are `undefined` as well.
      if (plain === undefined) return undefined;
      if (plain !== value) {
        this.stepTo(index, before);
        (copy ??= [...source])[index] = plain;
      }
      const { width, firstName } = this;
      if (width > 0 && width === widthBefore && firstName === firstBefore && this.isRepeated(width)) {
        return undefined;
      }
      widthBefore = width;
      firstBefore = firstName;
    }
    this.width = 0;
    return copy ?? source;
  }

  private isRepeated(width: number): boolean {
    return width <= MAX_RECORD_FIELDS && ++this.repetitions >= MIN_REPETITIONS;
  }

  /** Puts a step before the paths of the dates that were found below it. */
  private stepTo(step: string | number, first: number): void {
    for (let index = first; index < this.dates.length; index++) this.dates[index]?.unshift(step);
  }
}

/** Whether an instance of a class comes back as an object of its fields. */
function isDataOfClass(value: object): boolean {
  return (
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.getPrototypeOf(value) !== null &&
    !hidesContent(value)
  );
}
