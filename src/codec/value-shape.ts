import { everyItem, isPlain, isPlainDate, isPlainObject, isPlainPrimitive } from './plain-copy.js';

/** An object with more fields is a dictionary. */
const MAX_FIELDS_OF_OBJECT = 64;
/** So many fields one shape has in all. */
const MAX_FIELDS = 1000;
/** So many kinds of objects are told apart at one place. */
const MAX_VARIANTS = 8;
/** What lies deeper is not looked at. */
const MAX_SHAPE_DEPTH = 32;

/** What has been seen at one place of the values of a shape. */
export interface Place {
  primitive: boolean;
  date: boolean;
  /** All items of all arrays that have been there. */
  items: Place | undefined;
  /** The objects that have been there; no two have the same fields. */
  readonly variants: Variant[];
  /** Whether too different things have been there to tell more about it. */
  mixed: boolean;
}

/** Objects with the same fields in the same order. */
export interface Variant {
  readonly names: readonly string[];
  readonly places: readonly Place[];
}

const emptyPlace = (): Place => ({
  primitive: false,
  date: false,
  items: undefined,
  variants: [],
  mixed: false,
});

/** What plain values look like that have much in common, such as all values of one cache. It only ever grows wider. */
export class ValueShape {
  readonly root = emptyPlace();
  /** How often it has grown wider. */
  version = 0;
  private fieldsLeft = MAX_FIELDS;

  /** Widens it so that it holds for this value, too. `false` when the value is not plain (see {@link isPlain}). */
  include(value: unknown): boolean {
    return this.see(this.root, value, 0);
  }

  private see(place: Place, value: unknown, depth: number): boolean {
    if (place.mixed) return isPlain(value, depth);
    if (typeof value !== 'object' || value === null) return this.seePrimitive(place, value);
    if (depth >= MAX_SHAPE_DEPTH) return this.giveUp(place, value, depth);
    if (Array.isArray(value)) return this.seeArray(place, value, depth);
    if (isPlainDate(value)) return this.seeDate(place);
    return isPlainObject(value) && this.seeObject(place, value, depth);
  }

  private seePrimitive(place: Place, value: unknown): boolean {
    if (!place.primitive) {
      place.primitive = true;
      this.version += 1;
    }
    return isPlainPrimitive(value);
  }

  private seeDate(place: Place): boolean {
    if (place.date) return true;
    if (place.items !== undefined || place.variants.length > 0) return this.giveUp(place, undefined, 0);
    place.date = true;
    this.version += 1;
    return true;
  }

  private seeArray(place: Place, array: readonly unknown[], depth: number): boolean {
    if (place.items === undefined) {
      if (place.date || place.variants.length > 0) return this.giveUp(place, array, depth);
      place.items = emptyPlace();
      this.version += 1;
    }
    const { items } = place;
    return everyItem(array, (item) => this.see(items, item, depth + 1));
  }

  private seeObject(place: Place, object: object, depth: number): boolean {
    const fields = object as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    let variant = place.variants.find((known) => isSameList(known.names, names));
    if (variant === undefined) {
      if (names.includes('__proto__')) return false;
      variant = this.add(place, names);
      if (variant === undefined) return this.giveUp(place, object, depth);
    }
    for (const [index, field] of variant.places.entries()) {
      if (!this.see(field, fields[names[index] ?? ''], depth + 1)) return false;
    }
    return true;
  }

  /** `undefined` when there is no room for it, or when it could be told from another one by the order of fields only. */
  private add(place: Place, names: readonly string[]): Variant | undefined {
    const { variants } = place;
    if (place.date || place.items !== undefined || variants.length >= MAX_VARIANTS) return undefined;
    if (names.length > MAX_FIELDS_OF_OBJECT || names.length > this.fieldsLeft) return undefined;
    const sorted = names.toSorted();
    if (variants.some((known) => isSameList(known.names.toSorted(), sorted))) return undefined;
    const variant = { names, places: names.map(emptyPlace) };
    variants.push(variant);
    this.fieldsLeft -= names.length;
    this.version += 1;
    return variant;
  }

  private giveUp(place: Place, value: unknown, depth: number): boolean {
    place.mixed = true;
    place.items = undefined;
    place.variants.length = 0;
    this.version += 1;
    return isPlain(value, depth);
  }
}

function isSameList(first: readonly string[], second: readonly string[]): boolean {
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index++) if (first[index] !== second[index]) return false;
  return true;
}
