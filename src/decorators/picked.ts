import { describeType } from '../definition/describe-type.js';
import { isCachePattern } from '../definition/target.js';
import { faultOfTags } from '../definition/tag-text.js';
import type { CachePattern, CacheTag } from '../definition/template.js';
import type { MethodCall } from './method-call.js';
import { followedBy, isThenable, type MaybePromise } from './maybe-promise.js';
import type { PlannedDefinition } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';

/** What the functions of a decorator are called on. */
type Callee = Pick<MethodCall, 'where' | 'instance'>;

/**
 * The arguments of a cache that a selector picks; their promise if it needs time. How many it takes only the compiler
 * knows: some are optional.
 */
export function pickArguments(
  callee: Callee,
  select: UserFunction,
  given: readonly unknown[],
  { name }: Pick<PlannedDefinition, 'name'>,
): MaybePromise<readonly unknown[]> {
  return followedBy(ask(callee, select, given), (picked): readonly unknown[] => {
    if (Array.isArray(picked)) return picked;
    throw misuse(
      `Expected \`select\` of ${callee.where} to return the arguments of cache \`${name}\` as an array, ` +
        `got ${describeType(picked)}.`,
      'Put brackets around it, even if it is one: (userId, botId) => [botId].',
    );
  });
}

/** The tags that a selector names; their promise if it needs time. */
export function pickTags(
  callee: Callee,
  tags: UserFunction,
  given: readonly unknown[],
): MaybePromise<readonly CacheTag[]> {
  return followedBy(ask(callee, tags, given), (picked): readonly CacheTag[] => {
    if (!Array.isArray(picked)) {
      throw misuse(
        `Expected \`tags\` of ${callee.where} to return an array of tags, got ${describeType(picked)}.`,
        'Put brackets around it, even if it is one: (bot) => [tag`bot:${bot.id}`].',
      );
    }
    const fault = faultOfTags(picked);
    if (fault === undefined) return picked;
    throw misuse(
      `Expected \`tags\` of ${callee.where} to return tags that the template makes, got ${fault}.`,
      'Make each with the template: (bot) => [tag`bot:${bot.id}`].',
      'To evict many entries by their keys, use `pattern` in place of `tags`.',
    );
  });
}

/** The pattern that a selector makes; its promise if that needs time. */
export function pickPattern(
  callee: Callee,
  pattern: UserFunction,
  given: readonly unknown[],
): MaybePromise<CachePattern> {
  return followedBy(ask(callee, pattern, given), (picked): CachePattern => {
    if (isCachePattern(picked)) return picked;
    throw misuse(
      `Expected \`pattern\` of ${callee.where} to return a pattern, got ${describeType(picked)}.`,
      'Make it with the template: (bot) => pattern`bot:${bot.id}*`.',
    );
  });
}

/** Whether the `when` of a step lets it happen; one that is missing does. */
export function isWanted(callee: Callee, when: UserFunction | undefined, given: readonly unknown[]): boolean {
  return when === undefined || answerOf(callee, 'when', when, given);
}

/** Whether the `unless` of a step keeps the result out; one that is missing does not. */
export function isKeptOut(
  callee: Callee,
  unless: UserFunction | undefined,
  given: readonly unknown[],
): boolean {
  return unless !== undefined && answerOf(callee, 'unless', unless, given);
}

function answerOf(
  callee: Callee,
  option: 'when' | 'unless',
  condition: UserFunction,
  given: readonly unknown[],
): boolean {
  const answer = ask(callee, condition, given);
  if (!isThenable(answer)) return Boolean(answer);
  // Nobody waits for it: should it reject, that would end the process.
  answer.then(undefined, () => undefined);
  throw misuse(
    `Expected \`${option}\` of ${callee.where} to return true or false at once, got ${describeType(answer)}.`,
    'Leave out `async`, and decide by the arguments, the result and `this`.',
    'What has to be looked up first, look up before the call, and pass it as an argument.',
  );
}

function ask({ instance }: Callee, userFunction: UserFunction, given: readonly unknown[]): unknown {
  return Reflect.apply(userFunction, instance, given);
}
