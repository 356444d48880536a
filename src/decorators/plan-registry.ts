import type { MethodPlan, PlannedDefinition } from './method-plan.js';

/** By prototype and property; the classes themselves stay free to be collected. */
const plans = new WeakMap<object, Map<PropertyKey, MethodPlan>>();

/** A definition that some method of a class uses, and where. */
export interface DefinitionInUse {
  readonly definition: PlannedDefinition;
  /** Class and method. */
  readonly where: string;
}

/** The plan of a method that this very prototype declares. */
export function ownPlanOf(prototype: object, property: PropertyKey): MethodPlan | undefined {
  return plans.get(prototype)?.get(property);
}

/** Notes the plan of a method that this prototype declares. */
export function registerPlan(prototype: object, property: PropertyKey, plan: MethodPlan): void {
  const known = plans.get(prototype);
  if (known === undefined) plans.set(prototype, new Map([[property, plan]]));
  else known.set(property, plan);
}

/** The plan of the method that instances with this prototype have, inherited or not; none when it is overridden. */
export function cachePlanOf(prototype: object, property: PropertyKey): MethodPlan | undefined {
  for (const declaring of chainOf(prototype)) {
    if (Object.hasOwn(declaring, property)) return ownPlanOf(declaring, property);
  }
  return undefined;
}

/**
 * All definitions that the methods of instances with this prototype use, those that only `super` can reach
 * included.
 */
export function plannedDefinitions(prototype: object): readonly DefinitionInUse[] {
  const found: DefinitionInUse[] = [];
  for (const declaring of chainOf(prototype)) {
    for (const { where, reads, puts, evictions } of plans.get(declaring)?.values() ?? []) {
      for (const { cache } of [...reads, ...puts]) {
        found.push({ where, definition: cache.definitionFor(prototype.constructor) });
      }
      for (const { target } of evictions) {
        if ('definition' in target) found.push({ where, definition: target.definition });
      }
    }
  }
  return found;
}

/** Whether any method of instances with this prototype has a plan. */
export function hasPlans(prototype: object): boolean {
  for (const declaring of chainOf(prototype)) if (plans.has(declaring)) return true;
  return false;
}

function* chainOf(prototype: object): Generator<object> {
  for (let object: object | null = prototype; object !== null && object !== Object.prototype;) {
    yield object;
    object = Object.getPrototypeOf(object) as object | null;
  }
}
