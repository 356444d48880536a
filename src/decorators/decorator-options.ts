import type { CacheDefinition } from '../definition/define-cache.js';
import type { Lifetimes } from '../definition/derive-cache.js';
import { describeType } from '../definition/describe-type.js';
import { checkFields } from '../engine/policy.js';
import { withoutUndefined } from './class-defaults.js';
import type { PlannedDefinition } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';

/** Whether this was made by `defineCache`. */
export function isDefinition(value: unknown): value is CacheDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { name, key, policy } = value as Partial<CacheDefinition>;
  return typeof name === 'string' && typeof key === 'function' && typeof policy === 'object';
}

/** Checks that an option holds a definition. */
export function definitionIn(value: unknown, option: string, place: string): PlannedDefinition {
  // What a selector returns fits the definition; the compiler saw to that.
  if (isDefinition(value)) return value as PlannedDefinition;
  throw misuse(
    `Expected ${option} of ${place} to be a cache made with defineCache, got ${describeType(value)}.`,
    ...(value === undefined
      ? ['Two files that import each other? Move the definition to a file that imports neither.']
      : [
          "Wrap it: export const botDetails = defineCache({ name: 'bot-details', key, ttl }), and pass the constant.",
        ]),
  );
}

/** Checks that an option holds a function. */
export function functionIn(value: unknown, option: string, place: string, example: string): UserFunction {
  if (typeof value === 'function') return value as UserFunction;
  throw misuse(
    `Expected \`${option}\` of ${place} to be a function, got ${describeType(value)}.`,
    `Write it as in \`${example}\`.`,
  );
}

/** Checks that an option holds a function, if it is there. */
export function optionalFunctionIn(
  value: unknown,
  option: string,
  place: string,
  example: string,
): UserFunction | undefined {
  return value === undefined ? undefined : functionIn(value, option, place, example);
}

/** Checks that these are options, and none but those that the decorator knows. */
export function optionsIn<Known extends string>(
  value: unknown,
  known: readonly Known[],
  place: string,
): { readonly [K in Known]?: unknown } {
  if (typeof value !== 'object' || value === null) {
    throw misuse(
      `Expected the options of ${place} to be an object, got ${describeType(value)}.`,
      `Pass an object with ${known.map((name) => `\`${name}\``).join(', ')}.`,
    );
  }
  const unknown = Object.keys(value).find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return value;
  throw misuse(
    `Expected the options of ${place} to be among ${known.map((name) => `\`${name}\``).join(', ')}, ` +
      `got \`${unknown}\`.`,
    'Check the spelling.',
  );
}

/** Checks what a method says of the lives of entries. */
export function lifetimesOf(given: { readonly [K in keyof Lifetimes]?: unknown }, place: string): Lifetimes {
  const lifetimes = withoutUndefined(given) as Lifetimes;
  checkFields(lifetimes, place);
  return lifetimes;
}
