import { isData, isPlainPrimitive, PlainDate } from './plain.js';
import { ANY_NAME, areFields, isPlainName, MAX_ALTERNATIVES, MAX_SHAPE_DEPTH } from './place.js';

/** The text of the shape of a value: see {@link Place}. `undefined` when it has none. */
export function shapeTextOf(value: unknown): string | undefined {
  const sight = new Sight();
  return sight.see(value, 0) ? sight.text() : undefined;
}

/** Objects with the same fields in the same order. */
interface Variant {
  readonly names: readonly string[];
  readonly sights: readonly Sight[];
}

/** All that has been seen at one place of a value: at those of items, that of all items. */
class Sight {
  private primitive = false;
  private nothing = false;
  private time = false;
  private array = false;
  private items: Sight | undefined;
  /** What is under all names of dictionaries. */
  private named: Sight | undefined;
  private readonly variants: Variant[] = [];

  /** `false` says that it has no shape. */
  see(value: unknown, depth: number): boolean {
    if (typeof value === 'object' && value !== null)
      return depth < MAX_SHAPE_DEPTH && this.seeObject(value, depth);
    if (value === undefined) this.nothing = true;
    else this.primitive = true;
    return value === undefined || isPlainPrimitive(value);
  }

  private seeObject(value: object, depth: number): boolean {
    if (Array.isArray(value)) return this.seeArray(value, depth);
    if (Object.getPrototypeOf(value) === PlainDate.prototype) return (this.time = true);
    return isData(value) && this.seeFields(value as Readonly<Record<string, unknown>>, depth);
  }

  private seeArray(array: readonly unknown[], depth: number): boolean {
    this.array = true;
    if (array.length === 0) return true;
    this.items ??= new Sight();
    for (let index = 0; index < array.length; index++) {
      const item = array[index];
      // There may be four billion holes.
      if (item === undefined && !Object.hasOwn(array, index)) return false;
      if (!this.items.see(item, depth + 1)) return false;
    }
    return true;
  }

  private seeFields(fields: Readonly<Record<string, unknown>>, depth: number): boolean {
    const names = Object.keys(fields);
    let variant = this.variants.find((known) => isSameList(known.names, names));
    if (variant === undefined) {
      if (!areFields(names)) return this.seeDictionary(fields, names, depth);
      if (this.variants.length === MAX_ALTERNATIVES) return false;
      variant = { names, sights: names.map(() => new Sight()) };
      this.variants.push(variant);
    }
    const { sights } = variant;
    return names.every((name, index) => sights[index]?.see(fields[name], depth + 1));
  }

  private seeDictionary(
    fields: Readonly<Record<string, unknown>>,
    names: readonly string[],
    depth: number,
  ): boolean {
    const named = (this.named ??= new Sight());
    return names.every((name) => isPlainName(name) && named.see(fields[name], depth + 1));
  }

  text(): string {
    const texts: string[] = [];
    if (this.primitive) texts.push('0');
    if (this.nothing) texts.push('1');
    if (this.time) texts.push('2');
    if (this.array) texts.push(this.arrayText());
    if (this.named !== undefined) texts.push(`{"${ANY_NAME}":${this.named.text()}}`);
    texts.push(...this.variants.map(textOfVariant).sort());
    return texts.length === 1 ? texts[0]! : `[${texts.join()}]`;
  }

  private arrayText(): string {
    const text = this.items?.text() ?? '0';
    return text === '0' ? '3' : `[${text}]`;
  }
}

function textOfVariant({ names, sights }: Variant): string {
  return `{${sights.map((sight, index) => `"${names[index]}":${sight.text()}`).join()}}`;
}

function isSameList(first: readonly string[], second: readonly string[]): boolean {
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index++) if (first[index] !== second[index]) return false;
  return true;
}
