import { isPlainName, Kind, malformed, type Dictionary, type Fields, type Place } from './place.js';
import { PlainDate } from './plain.js';

/**
 * Makes a value of the leaves that {@link leavesOf} has found. They may be anything: whoever can write to Redis wrote
 * them. Nothing of them is handed out but primitives, so that they may be used again.
 *
 * @throws Error when they are not leaves of that shape
 */
export type Build = (leaves: readonly unknown[]) => unknown;

export function buildFrom(root: Place, leaves: readonly unknown[]): unknown {
  const builder = new Builder(leaves);
  const value = builder.make(root);
  if (builder.at !== leaves.length) throw malformed();
  return value;
}

class Builder {
  at = 0;

  constructor(private readonly leaves: readonly unknown[]) {}

  make(place: Place): unknown {
    switch (place.kind) {
      case Kind.Primitive:
        return primitive(this.leaves[this.at++]);
      case Kind.Nothing:
        return undefined;
      case Kind.Time:
        return date(this.leaves[this.at++]);
      case Kind.List:
        return list(this.leaves[this.at++]);
      case Kind.Fields:
        return this.makeFields(place);
      case Kind.Dictionary:
        return this.makeDictionary(place);
      case Kind.Items:
        return Array.from({ length: count(this.leaves[this.at++], this.leaves) }, () =>
          this.make(place.item),
        );
      default:
        return this.make(alternative(place.places, this.leaves[this.at++]));
    }
  }

  private makeFields({ names, places }: Fields): object {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) put(object, names[index]!, this.make(places[index]!));
    return object;
  }

  private makeDictionary({ item }: Dictionary): object {
    const object: Record<string, unknown> = {};
    for (const name of listOfNames(this.leaves[this.at++])) put(object, name, this.make(item));
    return object;
  }
}

/** Unlike an assignment alone, it meets no accessor, and nothing frozen, that all objects inherit. */
export function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name in object) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  } else object[name] = value;
}

export function listOfNames(leaf: unknown): readonly string[] {
  if (!Array.isArray(leaf)) throw malformed();
  for (const name of leaf) if (typeof name !== 'string' || !isPlainName(name)) throw malformed();
  return leaf;
}

export function primitive(leaf: unknown): unknown {
  if (typeof leaf === 'object' ? leaf !== null : leaf === undefined) throw malformed();
  return leaf;
}

export function date(leaf: unknown): Date {
  const made = new PlainDate(leaf as number);
  if (made.getTime() !== leaf) throw malformed();
  return made;
}

export function list(leaf: unknown): unknown[] {
  if (!Array.isArray(leaf)) throw malformed();
  for (let index = 0; index < leaf.length; index++) primitive(leaf[index]);
  return leaf.slice();
}

/** Each item has a leaf: there are no more of them than leaves. */
export function count(leaf: unknown, leaves: readonly unknown[]): number {
  if (!Number.isInteger(leaf) || (leaf as number) < 0 || (leaf as number) >= leaves.length) throw malformed();
  return leaf as number;
}

function alternative(places: readonly Place[], leaf: unknown): Place {
  const place = typeof leaf === 'number' ? places[leaf] : undefined;
  if (place === undefined) throw malformed();
  return place;
}
