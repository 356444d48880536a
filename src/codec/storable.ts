import { types } from 'node:util';
import { classNameOf, formOfLeaf, formOfPrimitive, formOfText, hidesContent, isPlainText } from './leaves.js';
import { fieldStep, Refusal } from './refusal.js';
import { isErrorClass, Tag, Wrapped } from './wrapped.js';

/** msgpackr runs out of stack at about 1,000 levels, and a wrapped value takes two. */
const MAX_DEPTH = 256;
/** From so many repetitions on, the names of fields are worth writing once per shape. */
const MIN_REPETITIONS = 3;
/** An object with more fields is a dictionary, and slow to write as a shape. */
const MAX_RECORD_FIELDS = 64;

/** Properties of an error that are not enumerable, as a rule. */
const HIDDEN_ERROR_PROPERTIES = ['name', 'message', 'stack', 'cause', 'errors'] as const;

export interface Storable {
  /** What msgpackr writes without loss. */
  readonly form: unknown;
  /** Whether it has enough objects with the same fields to be written as records. */
  readonly asRecords: boolean;
}

/**
 * The form of a value that msgpackr writes without loss: the value itself wherever that will do, so that plain
 * data is looked at but not copied.
 *
 * @throws Refusal
 */
export function toStorable(value: unknown): Storable {
  const walk = new Walk();
  try {
    const form = walk.formOf(value, 0);
    return { form, asRecords: walk.repetitions >= MIN_REPETITIONS && walk.widest <= MAX_RECORD_FIELDS };
  } catch (error) {
    throw Refusal.of(error);
  }
}

class Walk {
  /** How often an item of an array had the fields of the one before it. */
  repetitions = 0;
  /** The most fields that one object has. */
  widest = 0;
  /** The names of the fields of the plain object that was visited last. */
  private names: readonly string[] | undefined;

  formOf(value: unknown, depth: number): unknown {
    return typeof value === 'object' && value !== null
      ? this.formOfObject(value, depth)
      : formOfPrimitive(value);
  }

  private formOfObject(value: object, depth: number): unknown {
    if (depth >= MAX_DEPTH) throw new Refusal(`more than ${MAX_DEPTH} levels of nesting`);
    if (Array.isArray(value)) return this.formOfArray(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.formOfFields(value, depth);
    if (prototype === null) return this.wrapFields(value, depth);
    // Spares class instances a dozen questions: built-in types call themselves something else.
    if (Object.prototype.toString.call(value) !== '[object Object]') {
      const form = formOfLeaf(value) ?? this.formOfContainer(value, depth);
      if (form !== undefined) return form;
    }
    return this.formOfInstance(value, depth);
  }

  private formOfFields(source: object, depth: number): unknown {
    const fields = source as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    for (const field of names) {
      if (isReserved(field) || !isPlainText(field)) return this.wrapFields(source, depth);
      if (field === 'toJSON' && typeof fields[field] === 'function') return this.formOfOwnJson(source, depth);
    }
    let copy: Record<string, unknown> | undefined;
    let name = '';
    try {
      for (name of names) {
        const value = fields[name];
        const form = this.formOf(value, depth + 1);
        if (!Object.is(form, value)) (copy ??= { ...fields })[name] = form;
      }
    } catch (error) {
      throw Refusal.at(error, source, fieldStep(name));
    }
    this.names = names;
    if (names.length > this.widest) this.widest = names.length;
    return copy ?? source;
  }

  private formOfArray(source: readonly unknown[], depth: number): unknown {
    let copy: unknown[] | undefined;
    let before: readonly string[] | undefined;
    let index = 0;
    try {
      for (; index < source.length; index++) {
        const value = source[index];
        if (value === undefined && !Object.hasOwn(source, index)) break;
        this.names = undefined;
        const form = this.formOf(value, depth + 1);
        if (!Object.is(form, value)) (copy ??= [...source])[index] = form;
        before = this.compareNames(before);
      }
    } catch (error) {
      throw Refusal.at(error, source, `[${index}]`);
    }
    this.names = undefined;
    // It ended at a hole.
    if (index < source.length) return this.wrapSparse(source, depth);
    return copy ?? source;
  }

  /** A guess: right for rows, wrong for dictionaries of one size that begin alike. Either way it is only about speed. */
  private compareNames(before: readonly string[] | undefined): readonly string[] | undefined {
    const { names } = this;
    if (names !== undefined && before?.length === names.length && before[0] === names[0]) this.repetitions++;
    return names;
  }

  private formOfContainer(value: object, depth: number): Wrapped | undefined {
    if (types.isMap(value)) return this.wrapMap(value, depth);
    if (types.isSet(value)) return this.wrapSet(value, depth);
    if (types.isNativeError(value)) return this.wrapError(value, depth);
    return undefined;
  }

  private formOfInstance(value: object, depth: number): unknown {
    const json = Object.hasOwn(value, 'toJSON') ? value : this.formOfJson(value, depth);
    if (json !== value) return json;
    if (hidesContent(value)) {
      throw new Refusal(`an object (${classNameOf(value)}) that keeps its content out of sight`);
    }
    const form = this.formOfFields(value, depth);
    // A copy, for msgpackr judges instances by their prototype.
    return form === value ? { ...value } : form;
  }

  private formOfOwnJson(source: object, depth: number): unknown {
    const json = this.formOfJson(source, depth);
    if (json === source) throw Refusal.at(new Refusal('a function'), source, '.toJSON');
    return json;
  }

  /** Of what the method `toJSON` returns; the object itself when there is none, or when it returns that. */
  private formOfJson(source: object, depth: number): unknown {
    try {
      const toJson: unknown = Reflect.get(source, 'toJSON');
      if (typeof toJson !== 'function') return source;
      const json: unknown = toJson.call(source, '');
      return json === source ? source : this.formOf(json, depth + 1);
    } catch (error) {
      throw Refusal.at(error, source, '.toJSON()');
    }
  }

  /** As a list of names and values, for what can't be written as an object. */
  private wrapFields(source: object, depth: number): Wrapped {
    const parts: unknown[] = [Tag.Fields, Object.getPrototypeOf(source) === null];
    this.pushFields(parts, source, Object.keys(source), depth);
    return new Wrapped(parts);
  }

  private wrapSparse(source: readonly unknown[], depth: number): Wrapped {
    const parts: unknown[] = [Tag.Sparse, source.length];
    // Indexes come first, and there may be four billion holes between them.
    for (const name of Object.keys(source)) {
      const index = Number(name);
      if (!(index < source.length)) break;
      parts.push(index, this.formAt(source, `[${name}]`, source[index], depth));
    }
    return new Wrapped(parts);
  }

  private wrapMap(source: ReadonlyMap<unknown, unknown>, depth: number): Wrapped {
    const parts: unknown[] = [Tag.Map];
    let index = 0;
    // A subclass may iterate over something else.
    for (const [key, value] of Map.prototype.entries.call(source)) {
      parts.push(this.formAt(source, `.keys()[${index}]`, key, depth));
      parts.push(this.formAt(source, `.values()[${index}]`, value, depth));
      index++;
    }
    return new Wrapped(parts);
  }

  private wrapSet(source: ReadonlySet<unknown>, depth: number): Wrapped {
    const parts: unknown[] = [Tag.Set];
    for (const item of Set.prototype.values.call(source)) {
      parts.push(this.formAt(source, `.values()[${parts.length - 1}]`, item, depth));
    }
    return new Wrapped(parts);
  }

  private wrapError(source: Error, depth: number): Wrapped {
    const errorClass = errorClassOf(source);
    const hidden = HIDDEN_ERROR_PROPERTIES.filter((name) => isHidden(source, name, errorClass));
    const hiddenParts: unknown[] = [];
    this.pushFields(hiddenParts, source, hidden, depth);
    const visibleParts: unknown[] = [];
    this.pushFields(visibleParts, source, Object.keys(source), depth);
    return new Wrapped([Tag.Error, errorClass, hiddenParts, visibleParts]);
  }

  private pushFields(parts: unknown[], source: object, names: readonly string[], depth: number): void {
    for (const name of names) {
      parts.push(formOfText(name), this.formAt(source, fieldStep(name), Reflect.get(source, name), depth));
    }
  }

  private formAt(parent: object, step: string, value: unknown, depth: number): unknown {
    try {
      return this.formOf(value, depth + 1);
    } catch (error) {
      throw Refusal.at(error, parent, step);
    }
  }
}

/** Names that mean something to msgpackr: it renames one, keeps notes under one, and calls one. */
function isReserved(name: string): boolean {
  return name === '__proto__' || name === '__keys__' || name === 'hasOwnProperty';
}

/** The nearest class of an error that the language itself has, by its name, for another realm has its own. */
function errorClassOf(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (typeof prototype === 'object' && prototype !== null) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name: unknown = typeof constructor === 'function' ? constructor.name : undefined;
    if (isErrorClass(name)) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return 'Error';
}

function isHidden(error: Error, name: string, errorClass: string): boolean {
  const own = Object.getOwnPropertyDescriptor(error, name);
  if (own !== undefined) return own.enumerable === false;
  return name === 'name' && error.name !== errorClass;
}
