import { deriveCache, type Lifetimes } from '../definition/derive-cache.js';
import { lifetimesIn, policyOfClass } from './class-defaults.js';
import type { CacheSource, ClassLike, PlannedDefinition } from './method-plan.js';
import { DefinitionPerClass } from './per-class.js';

/** A cache with a definition, as the methods of a class use it: its entries live as method and class say. */
export class ExplicitCache implements CacheSource {
  readonly #definitions: DefinitionPerClass;

  /** @param own what the method says */
  constructor(
    readonly identity: PlannedDefinition,
    own: Lifetimes = {},
  ) {
    this.#definitions = new DefinitionPerClass((constructor) => {
      const lifetimes = { ...lifetimesIn(policyOfClass(constructor)), ...own };
      return Object.keys(lifetimes).length === 0 ? identity : deriveCache(identity, lifetimes);
    });
  }

  definitionFor(constructor: ClassLike): PlannedDefinition {
    return this.#definitions.of(constructor);
  }
}
