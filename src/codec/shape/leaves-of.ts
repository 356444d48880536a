import { isData, isPlainPrimitive, PlainDate } from './plain.js';
import {
  areFields,
  isPlainName,
  Kind,
  type Dictionary,
  type Either,
  type Fields,
  type Items,
  type Layout,
  type Place,
} from './place.js';

/** The leaves of a value, `undefined` when its shape is not exactly this one. */
export function leavesOf(value: unknown, { root, marks }: Layout): unknown[] | undefined {
  const walk = new Walk(marks.length);
  if (!walk.take(value, root)) return undefined;
  // A wider shape would hold for it too, but may show names of another value.
  for (let mark = 0; mark < marks.length; mark++) if (walk.marks[mark] !== marks[mark]) return undefined;
  return walk.leaves;
}

/** `false` says that the value has another shape. */
class Walk {
  readonly leaves: unknown[] = [];
  readonly marks: number[] = [];

  constructor(marks: number) {
    for (let mark = 0; mark < marks; mark++) this.marks.push(0);
  }

  take(value: unknown, place: Place): boolean {
    switch (place.kind) {
      case Kind.Primitive:
        this.leaves.push(value);
        return isPlainPrimitive(value);
      case Kind.Nothing:
        return value === undefined;
      case Kind.Time:
        return this.takeTime(value);
      case Kind.List:
        return this.takeList(value);
      case Kind.Fields:
        return this.takeFields(value, place);
      case Kind.Dictionary:
        return this.takeDictionary(value, place);
      case Kind.Items:
        return this.takeItems(value, place);
      default:
        return this.takeEither(value, place);
    }
  }

  private takeTime(value: unknown): boolean {
    if (!isTime(value)) return false;
    // It throws for what only calls itself a date.
    const time = PlainDate.prototype.getTime.call(value);
    this.leaves.push(time);
    return !Number.isNaN(time);
  }

  private takeList(value: unknown): boolean {
    if (!Array.isArray(value) || 'toJSON' in value) return false;
    for (let index = 0; index < value.length; index++) if (!isPlainPrimitive(value[index])) return false;
    this.leaves.push(value);
    return true;
  }

  private takeFields(value: unknown, { names, places }: Fields): boolean {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const fields = value as Readonly<Record<string, unknown>>;
    let index = 0;
    // Twice as fast as by `Object.keys`.
    for (const name in fields) {
      if (name !== names[index]) return false;
      if (!this.take(fields[name], places[index]!)) return false;
      index += 1;
    }
    return index === names.length && isOwnData(fields, index);
  }

  private takeDictionary(value: unknown, { item }: Dictionary): boolean {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !isData(value)) return false;
    const fields = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    if (areFields(names) || !names.every(isPlainName)) return false;
    this.leaves.push(names);
    for (const name of names) if (!this.take(fields[name], item)) return false;
    return true;
  }

  private takeItems(value: unknown, { item, mark }: Items): boolean {
    if (!Array.isArray(value)) return false;
    const { length } = value;
    this.leaves.push(length);
    if (length > 0) this.marks[mark] = 1;
    for (let index = 0; index < length; index++) {
      const each: unknown = value[index];
      if (each === undefined && !Object.hasOwn(value, index)) return false;
      if (!this.take(each, item)) return false;
    }
    return value.length === length;
  }

  private takeEither(value: unknown, place: Either): boolean {
    const index = indexIn(place, value);
    const chosen = place.places[index];
    if (chosen === undefined) return false;
    this.marks[place.mark]! |= 1 << index;
    this.leaves.push(index);
    return this.take(value, chosen);
  }
}

/** Which of the places is for that value, -1 if none is. */
function indexIn(place: Either, value: unknown): number {
  if (value === undefined) return place.nothing;
  if (typeof value !== 'object' || value === null) return place.primitive;
  if (Array.isArray(value)) return place.array;
  if (isTime(value)) return place.time;
  const fields = place.places.findIndex((each) => each.kind === Kind.Fields && hasNames(value, each.names));
  return fields === -1 ? place.dictionary : fields;
}

function hasNames(fields: object, names: readonly string[]): boolean {
  let index = 0;
  for (const name in fields) if (name !== names[index++]) return false;
  return index === names.length;
}

const isTime = (value: unknown): value is Date =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === PlainDate.prototype;

/** Whether the fields that a loop has found are its own, and all there is to it. */
function isOwnData(value: object, fields: number): boolean {
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return isData(value) && Object.keys(value).length === fields;
}
