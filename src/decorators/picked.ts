import { describeType } from '../definition/describe-type.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { MethodCall } from './method-call.js';
import type { PlannedDefinition, UserFunction } from './method-plan.js';
import { misuse } from './misuse.js';

/** What the functions of a decorator are called on. */
type Callee = Pick<MethodCall, 'plan' | 'instance'>;

/** The arguments of a cache that a selector picks. */
export function pickArguments(
  { plan, instance }: Callee,
  select: UserFunction,
  given: readonly unknown[],
  { name }: PlannedDefinition,
): readonly unknown[] {
  const picked = Reflect.apply(select, instance, given);
  if (Array.isArray(picked)) return picked;
  throw misuse(
    `Expected \`select\` of ${plan.where} to return the arguments of cache \`${name}\` as an array, ` +
      `got ${describeType(picked)}.`,
    'Put brackets around it, even if it is one: (userId, botId) => [botId].',
  );
}

/** The tags that a selector names. */
export function pickTags(
  { plan, instance }: Callee,
  tags: UserFunction,
  given: readonly unknown[],
): readonly CacheTag[] {
  const picked = Reflect.apply(tags, instance, given);
  if (Array.isArray(picked)) return picked;
  throw misuse(
    `Expected \`tags\` of ${plan.where} to return an array of tags, got ${describeType(picked)}.`,
    'Put brackets around it, even if it is one: (bot) => [tag`bot:${bot.id}`].',
  );
}

/** The pattern that a selector makes. */
export function pickPattern(
  { plan, instance }: Callee,
  pattern: UserFunction,
  given: readonly unknown[],
): CachePattern {
  const picked = Reflect.apply(pattern, instance, given);
  // Not by class: the ESM and the CommonJS build may meet in one application.
  if (typeof (picked as CachePattern | undefined)?.matches === 'function') return picked as CachePattern;
  throw misuse(
    `Expected \`pattern\` of ${plan.where} to return a pattern, got ${describeType(picked)}.`,
    'Make it with the template: (bot) => pattern`bot:${bot.id}*`.',
  );
}

/** Whether a condition holds; one that is missing does. */
export function holds(when: UserFunction | undefined, instance: object, given: readonly unknown[]): boolean {
  return when === undefined || Boolean(Reflect.apply(when, instance, given));
}
