import type { CallOverrides } from '../cache-handle.js';
import type { ReadOverrides } from '../engine/read-request.js';
import { followedBy, type MaybePromise } from './maybe-promise.js';
import type { MethodCall } from './method-call.js';
import type { CacheSource, PlannedDefinition, Place, ReadingStep } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { passingBy } from './passing-by.js';
import { isKeptOut, pickArguments } from './picked.js';

/** What a `@Cacheable` is made of. */
export interface CacheableParts {
  readonly cache: CacheSource;
  /** Without one, the cache takes what the method takes. */
  readonly select: UserFunction | undefined;
  readonly when: UserFunction | undefined;
  readonly unless: UserFunction | undefined;
}

/** A `@Cacheable`: one entry answers one call. */
export class CacheableStep implements ReadingStep {
  readonly decorator = 'Cacheable';
  readonly cache: CacheSource;
  readonly when: UserFunction | undefined;

  constructor(private readonly parts: CacheableParts) {
    this.cache = parts.cache;
    this.when = parts.when;
  }

  read(call: MethodCall, place?: Place): Promise<unknown> {
    const definition = this.#definition(call);
    const cache = call.service.cache(definition);
    const load = place === undefined ? call.proceed : place.load;
    const overrides = this.#overrides(call, place);
    // Nothing to pick and nothing to wait for: the way of most calls.
    if (this.parts.select === undefined) return cache.getOrLoad(call.args, load, overrides);
    return followedBy(this.#arguments(call, definition), (args) => cache.getOrLoad(args, load, overrides));
  }

  passBy(call: MethodCall, place?: Place): Promise<unknown> {
    const definition = this.#definition(call);
    const cache = call.service.cache(definition);
    const how = { bypass: true, ...(place && { onOwnLoad: place.onOwnLoad }) };
    return passingBy(place ?? { load: call.proceed }, async (load) =>
      cache.getOrLoad(await this.#arguments(call, definition), load, how),
    );
  }

  async put(call: MethodCall, result: unknown): Promise<void> {
    if (isKeptOut(call, this.parts.unless, [result, ...call.args])) return;
    const definition = this.#definition(call);
    await call.service.cache(definition).set(await this.#arguments(call, definition), result);
  }

  /** What is stored is what the method returned in this call: another cache's entry may be older than an eviction here. */
  #overrides(
    call: MethodCall,
    place: Place | undefined,
  ): (CallOverrides & Pick<ReadOverrides, 'onOwnLoad'>) | undefined {
    const { unless } = this.parts;
    if (place === undefined && unless === undefined) return undefined;
    const storeIf = (value: unknown) =>
      place?.mayStore !== false && !isKeptOut(call, unless, [value, ...call.args]);
    return { storeIf, ...(place && { onOwnLoad: place.onOwnLoad }) };
  }

  #definition({ instance }: MethodCall): PlannedDefinition {
    return this.cache.definitionFor(instance.constructor);
  }

  /** The arguments of the cache: the method's, or what the selector picks out of them. */
  #arguments(call: MethodCall, definition: PlannedDefinition): MaybePromise<readonly unknown[]> {
    const { select } = this.parts;
    return select === undefined ? call.args : pickArguments(call, select, call.args, definition);
  }
}
