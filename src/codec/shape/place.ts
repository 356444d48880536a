/**
 * What there is at one place of the values of a shape. All but `Nothing` has leaves: these stand, in the order in which
 * one meets them, in one array for the whole value, which is stored as JSON.
 *
 * | place | text | leaves |
 * |---|---|---|
 * | Primitive | `0` | a string, a finite number but -0, a boolean, or null |
 * | Nothing | `1` | none: it is `undefined` |
 * | Time | `2` | the milliseconds of a Date |
 * | List | `3` | an array of primitives |
 * | Fields | `{"id":0,"at":2}` | those of each field |
 * | Dictionary | `{"*":0}` | an array of the names, and those of what is under each of them |
 * | Items | `[{"id":0}]` | how many items an array has, and those of each item |
 * | Either | `[0,2]` | which of these places it is, and those of that one |
 *
 * The text of a shape is that of its root. It depends on nothing but the value: names of one value never get to another.
 */
export type Place = Simple | Fields | Dictionary | Items | Either;

export const Kind = {
  Primitive: 0,
  Nothing: 1,
  Time: 2,
  List: 3,
  Fields: 4,
  Dictionary: 5,
  Items: 6,
  Either: 7,
} as const;

export interface Simple {
  readonly kind: 0 | 1 | 2 | 3;
}

export interface Fields {
  readonly kind: typeof Kind.Fields;
  /** In their order. */
  readonly names: readonly string[];
  readonly places: readonly Place[];
}

/** An object whose names are data: no two values have the same, and there may be many. */
export interface Dictionary {
  readonly kind: typeof Kind.Dictionary;
  readonly item: Place;
}

export interface Items {
  readonly kind: typeof Kind.Items;
  readonly item: Place;
  /** Where it is noted that there was one: see {@link Marks}. */
  readonly mark: number;
}

export interface Either {
  readonly kind: typeof Kind.Either;
  readonly places: readonly Place[];
  /** Which of them is for a primitive, for `undefined`, a date, an array, a dictionary; -1 if none is. */
  readonly primitive: number;
  readonly nothing: number;
  readonly time: number;
  readonly array: number;
  readonly dictionary: number;
  /** As for items: a bit for each of them that there was. */
  readonly mark: number;
}

/** An object with more fields is a dictionary. */
const MAX_FIELDS = 64;
/** As people who write programs name fields. Other names are mostly ids, dates or words. */
const FIELD_NAME = /^(?!(?:\D*\d){4})[a-z_$][\w$]{0,39}$/i;
/** Stands for all names of a dictionary. */
export const ANY_NAME = '*';
/** So many places one shape has. */
const MAX_PLACES = 1000;
/** So deep they lie. */
export const MAX_SHAPE_DEPTH = 64;
/** So many places one place can be. */
export const MAX_ALTERNATIVES = 12;

/** A shape, as its text says. */
export interface Layout {
  readonly root: Place;
  /** What is noted by the end of a value that has exactly this shape, by `mark`. */
  readonly marks: readonly number[];
}

/** @throws Error when it is not the text of a shape */
export function readLayout(text: string): Layout {
  const reader = new Reader();
  const json: unknown = JSON.parse(text);
  const root = reader.placeOf(json, 0);
  // Refuses spaces, fields that are named twice, and the like.
  if (textOf(root) !== text) throw malformed();
  return { root, marks: reader.marks };
}

class Reader {
  readonly marks: number[] = [];
  private placesLeft = MAX_PLACES;

  placeOf(json: unknown, depth: number): Place {
    if (--this.placesLeft < 0 || depth > MAX_SHAPE_DEPTH) throw malformed();
    if (json === 0 || json === 1 || json === 2 || json === 3) return { kind: json };
    if (typeof json !== 'object' || json === null) throw malformed();
    if (!Array.isArray(json)) return this.objectOf(json as Readonly<Record<string, unknown>>, depth);
    return json.length === 1 ? this.itemsOf(json[0], depth) : this.eitherOf(json, depth);
  }

  private objectOf(json: Readonly<Record<string, unknown>>, depth: number): Fields | Dictionary {
    const names = Object.keys(json);
    if (names.length === 1 && names[0] === ANY_NAME)
      return { kind: Kind.Dictionary, item: this.placeOf(json[ANY_NAME], depth + 1) };
    if (!areFields(names)) throw malformed();
    return { kind: Kind.Fields, names, places: names.map((name) => this.placeOf(json[name], depth + 1)) };
  }

  private itemsOf(json: unknown, depth: number): Items {
    const mark = this.marks.push(1) - 1;
    const item = this.placeOf(json, depth + 1);
    // There are no more of them than leaves, so that a few bytes can't say that there are millions.
    if (!hasLeaves(item)) throw malformed();
    return { kind: Kind.Items, item, mark };
  }

  private eitherOf(json: readonly unknown[], depth: number): Either {
    if (json.length < 2 || json.length > MAX_ALTERNATIVES) throw malformed();
    const mark = this.marks.push((1 << json.length) - 1) - 1;
    const places = json.map((each) => this.placeOf(each, depth + 1));
    if (places.some(({ kind }) => kind === Kind.Either)) throw malformed();
    const indexOf = (...kinds: readonly Place['kind'][]) =>
      places.findIndex(({ kind }) => kinds.includes(kind));
    return {
      kind: Kind.Either,
      places,
      primitive: indexOf(Kind.Primitive),
      nothing: indexOf(Kind.Nothing),
      time: indexOf(Kind.Time),
      array: indexOf(Kind.List, Kind.Items),
      dictionary: indexOf(Kind.Dictionary),
      mark,
    };
  }
}

/** Whether an object with these names is no dictionary. */
export function areFields(names: readonly string[]): boolean {
  return names.length <= MAX_FIELDS && names.every((name) => FIELD_NAME.test(name) && isPlainName(name));
}

/** `"__proto__":` in code or JSON is not like other names, and who has a `toJSON` wants to be something else. */
export const isPlainName = (name: string): boolean => name !== '__proto__' && name !== 'toJSON';

function hasLeaves(place: Place): boolean {
  return place.kind === Kind.Fields ? place.places.some(hasLeaves) : place.kind !== Kind.Nothing;
}

function textOf(place: Place): string {
  switch (place.kind) {
    case Kind.Fields:
      return `{${place.places.map((each, i) => `"${place.names[i]}":${textOf(each)}`).join()}}`;
    case Kind.Dictionary:
      return `{"${ANY_NAME}":${textOf(place.item)}}`;
    case Kind.Items:
      return `[${textOf(place.item)}]`;
    case Kind.Either:
      return `[${place.places.map(textOf).join()}]`;
    default:
      return `${place.kind}`;
  }
}

/** It shows nothing of what is there, as errors of `JSON.parse` do. */
export const malformed = (): Error => new Error('A plain value is malformed');
