import type { ManyOverrides } from '../cache-handle.js';
import { describeType } from '../definition/describe-type.js';
import { allOf, attempt, type MaybePromise } from './maybe-promise.js';
import type { MethodCall } from './method-call.js';
import type { CacheSource, PlannedDefinition, ReadingStep } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';
import { passingBy } from './passing-by.js';
import { isKeptOut, pickArguments } from './picked.js';

/** What a `@CacheableMany` is made of. */
export interface CacheableManyParts {
  readonly cache: CacheSource;
  /** Without one, the cache takes the id and what the method takes behind the ids. */
  readonly select: UserFunction | undefined;
  readonly when: UserFunction | undefined;
  readonly unless: UserFunction | undefined;
  readonly result: 'array' | 'map';
}

type Args = readonly unknown[];

/** A `@CacheableMany`: each id of a call has an entry of its own. Stands alone, so it has no place among others. */
export class CacheableManyStep implements ReadingStep {
  readonly decorator = 'CacheableMany';
  readonly cache: CacheSource;
  readonly when: UserFunction | undefined;

  constructor(private readonly parts: CacheableManyParts) {
    this.cache = parts.cache;
    this.when = parts.when;
  }

  async read(call: MethodCall): Promise<unknown> {
    const ids = idsOf(call);
    if (ids.length === 0) return this.#resultOf(ids, []);
    const definition = this.#definition(call);
    const argsList = await this.#argumentsOf(ids, call, definition);
    // What is asked for is among the lists that were given.
    const idsByArgs = new Map(argsList.map((args, i) => [args, ids[i]]));
    const load = (missing: readonly Args[]) => {
      const missingIds = missing.map((args) => idsByArgs.get(args));
      return this.#load(missingIds, keysOf(definition, missing), call);
    };
    const overrides: ManyOverrides<Args> = {
      storeIf: (value, args) => !this.#isKeptOut(value, idsByArgs.get(args), call),
    };
    const values = await call.service.cache(definition).getOrLoadMany(argsList, load, overrides);
    return this.#resultOf(ids, values);
  }

  async passBy(call: MethodCall): Promise<unknown> {
    const ids = idsOf(call);
    if (ids.length === 0) return this.#resultOf(ids, []);
    const definition = this.#definition(call);
    // If no keys can be made, those ids are one that are the same.
    let keys = ids;
    const values = await passingBy({ load: () => this.#load(ids, keys, call) }, async (load) => {
      const argsList = await this.#argumentsOf(ids, call, definition);
      keys = keysOf(definition, argsList);
      return call.service.cache(definition).getOrLoadMany(argsList, load, { bypass: true });
    });
    return this.#resultOf(ids, values);
  }

  async put(call: MethodCall, result: unknown): Promise<void> {
    const ids = idsOf(call);
    if (ids.length === 0) return;
    const definition = this.#definition(call);
    const values = this.#valuesOf(ids, result, call);
    const wanted = ids.flatMap((id, i) =>
      this.#isKeptOut(values[i], id, call) ? [] : [{ id, value: values[i] }],
    );
    const argsList = await this.#argumentsOf(
      wanted.map(({ id }) => id),
      call,
      definition,
    );
    const entries = argsList.map((args, i) => [args, wanted[i]!.value] as const);
    await call.service.cache(definition).setMany(entries);
  }

  /** The values of the ids, in their order. The method gets one of those that have equal keys. */
  async #load(
    ids: readonly unknown[],
    keys: readonly unknown[],
    call: MethodCall,
  ): Promise<readonly unknown[]> {
    const idsByKey = new Map(keys.map((key, i) => [key, ids[i]]));
    const distinct = [...idsByKey.values()];
    const values = this.#valuesOf(distinct, await run(call, distinct), call);
    const valuesByKey = new Map([...idsByKey.keys()].map((key, i) => [key, values[i]]));
    return keys.map((key) => valuesByKey.get(key));
  }

  #definition({ instance }: MethodCall): PlannedDefinition {
    return this.cache.definitionFor(instance.constructor);
  }

  /** The arguments of each id's entry: the id and what stands behind the ids, or what the selector picks. */
  #argumentsOf(
    ids: readonly unknown[],
    call: MethodCall,
    definition: PlannedDefinition,
  ): MaybePromise<readonly Args[]> {
    const { select } = this.parts;
    const [, ...rest] = call.args;
    const lists: readonly MaybePromise<Args>[] = ids.map((id) =>
      select === undefined
        ? [id, ...rest]
        : attempt(() => pickArguments(call, select, [id, ...rest], definition)),
    );
    // Side by side, whichever of them need time.
    return allOf(lists);
  }

  /** The value of each id in what the method returned; `undefined` for one that a map leaves out. */
  #valuesOf(ids: readonly unknown[], result: unknown, { where }: MethodCall): readonly unknown[] {
    if (this.parts.result === 'map') {
      if (result instanceof Map) {
        refuseOtherIds(ids, result, where);
        return ids.map((id) => result.get(id) as unknown);
      }
      throw misuse(
        `Expected ${where} to return a Map of values by id, got ${describeType(result)}.`,
        "To return an array, leave `result: 'map'` out.",
      );
    }
    if (Array.isArray(result) && result.length === ids.length) return result as readonly unknown[];
    const got = Array.isArray(result) ? `${result.length} values` : describeType(result);
    throw misuse(
      `Expected ${where} to return an array of ${ids.length} values, one for each id in their order, got ${got}.`,
      'Put null where there is none: `ids.map((id) => found.get(id) ?? null)`.',
      "Or return a Map by id, which may leave some out, and set `result: 'map'`.",
    );
  }

  /** What a map leaves out is not asked about: there is no value. */
  #isKeptOut(value: unknown, id: unknown, call: MethodCall): boolean {
    const { unless, result } = this.parts;
    if (result === 'map' && value === undefined) return false;
    const [, ...rest] = call.args;
    return isKeptOut(call, unless, [value, id, ...rest]);
  }

  #resultOf(ids: readonly unknown[], values: readonly unknown[]): unknown {
    if (this.parts.result === 'array') return values;
    const found = ids.map((id, i) => [id, values[i]] as const).filter(([, value]) => value !== undefined);
    return new Map(found);
  }
}

function keysOf(definition: PlannedDefinition, argsList: readonly Args[]): readonly unknown[] {
  return argsList.map((args) => definition.key(...args));
}

/** All ids would be remembered as absent, though values were found. */
function refuseOtherIds(ids: readonly unknown[], found: ReadonlyMap<unknown, unknown>, where: string): void {
  if (found.size === 0 || ids.some((id) => found.has(id))) return;
  const [key] = found.keys();
  throw misuse(
    `Expected ${where} to return a Map by the ids that it was called with, got one that has none of them: ` +
      `the first id is ${describeType(ids[0])}, the first key ${describeType(key)}.`,
    'Give it the ids as they are: a Map tells 1 from the text 1, and two objects that are equal.',
    'If nothing was found, return an empty Map.',
  );
}

/** Runs the method with these ids only. */
function run({ original, instance, args: [, ...rest] }: MethodCall, ids: readonly unknown[]): unknown {
  // Its own: it may sort them, or take them away one by one.
  return Reflect.apply(original, instance, [[...ids], ...rest]);
}

/** The call with ids of its own, as those of the caller may change while it waits. */
export function withOwnIds(call: MethodCall): MethodCall {
  const [ids, ...rest] = call.args;
  if (!Array.isArray(ids)) return call;
  const own: readonly unknown[] = [...(ids as readonly unknown[])];
  return { ...call, args: [own, ...rest], proceed: () => run(call, own) };
}

function idsOf({ args: [ids], where }: MethodCall): readonly unknown[] {
  if (Array.isArray(ids)) return ids;
  throw misuse(
    `Expected ${where} to be called with an array of ids, got ${describeType(ids)}.`,
    'For one id, put brackets around it.',
  );
}
