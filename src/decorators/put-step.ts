import { isKeptOut, pickArguments } from './picked.js';
import type { MethodCall } from './method-call.js';
import type { CacheSource, StoringStep } from './method-plan.js';
import type { UserFunction } from './user-function.js';

/** What a `@CachePut` is made of. */
export interface PutParts {
  readonly cache: CacheSource;
  readonly select: UserFunction;
  readonly when: UserFunction | undefined;
  readonly unless: UserFunction | undefined;
}

/** A `@CachePut`. */
export class PutStep implements StoringStep {
  readonly cache: CacheSource;
  readonly when: UserFunction | undefined;

  constructor(private readonly parts: PutParts) {
    this.cache = parts.cache;
    this.when = parts.when;
  }

  async put(call: MethodCall, result: unknown): Promise<void> {
    const { select, unless } = this.parts;
    const given = [result, ...call.args];
    if (isKeptOut(call, unless, given)) return;
    const definition = this.cache.definitionFor(call.instance.constructor);
    const args = await pickArguments(call, select, given, definition);
    await call.service.cache(definition).set(args, result);
  }
}
