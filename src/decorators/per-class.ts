import type { ClassLike, PlannedDefinition } from './method-plan.js';

/** Remembers the definition of each class. The last one is at hand: a method is mostly called on one class. */
export class DefinitionPerClass {
  readonly #known = new WeakMap<ClassLike, PlannedDefinition>();
  #last: ClassLike | undefined;
  #ofLast: PlannedDefinition | undefined;

  constructor(private readonly make: (constructor: ClassLike) => PlannedDefinition) {}

  /** Made when it is first asked for: decorators of a class run after those of its methods. */
  of(constructor: ClassLike): PlannedDefinition {
    if (this.#last === constructor && this.#ofLast !== undefined) return this.#ofLast;
    let definition = this.#known.get(constructor);
    if (definition === undefined) {
      definition = this.make(constructor);
      this.#known.set(constructor, definition);
    }
    this.#last = constructor;
    this.#ofLast = definition;
    return definition;
  }
}
