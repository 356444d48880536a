import type { AnyCachePolicy, CacheDefinition } from '../definition/define-cache.js';
import type { Lifetime } from '../definition/duration.js';
import type { CacheKey } from '../definition/template.js';
import { refuseBare } from './bare-decorator.js';
import { describePlace } from './decorated-method.js';
import { definitionIn, isDefinition, optionalFunctionIn, optionsIn } from './decorator-options.js';
import { ImplicitCache, type ImplicitSpec } from './implicit-cache.js';
import type { CacheableStep, MethodPlan } from './method-plan.js';
import type {
  AfterCall,
  AsyncMethod,
  BeforeCall,
  Condition,
  Picks,
  Selector,
  Suitable,
  TagSelector,
  Wanted,
} from './method-types.js';
import { planOfMethod } from './method-wrapper.js';
import { misuse } from './misuse.js';

/** When `@Cacheable` applies. */
export interface CacheableConditions<
  When extends Condition = Condition,
  Unless extends Condition = Condition,
> {
  /** Asked with the method's arguments before the call: `false` neither reads nor stores. @default always */
  readonly when?: When;
  /** Asked with a new result and the method's arguments: `true` returns it without storing it. @default never */
  readonly unless?: Unless;
}

/** What `@Cacheable` takes in place of a definition: the policy of a cache, as `defineCache` has it. */
export interface CacheableOptions<
  Ttl extends Lifetime | ((...args: never) => Lifetime) = Lifetime | ((...args: never) => Lifetime),
  Key extends (...args: never) => CacheKey = (...args: never) => CacheKey,
  Tags extends TagSelector = TagSelector,
  When extends Condition = Condition,
  Unless extends Condition = Condition,
>
  extends Omit<AnyCachePolicy, 'ttl' | 'tags'>, CacheableConditions<When, Unless> {
  /**
   * How long an entry is fresh: milliseconds, a text with a unit (`'5m'`), `'forever'`, or a function of the
   * value and the method's arguments.
   */
  readonly ttl: Ttl;
  /**
   * The name of the cache. Classes that inherit the method share the cache, if it is given.
   *
   * @default class and method: `BotsService.calculateBotStatistics`
   */
  readonly name?: string;
  /**
   * Makes the key from the method's arguments. Without a `name` it stands below the one of the cache:
   * `BotsService.find:bot:42`.
   *
   * @default all arguments, compared by their content
   */
  readonly key?: Key;
  /** Labels for eviction, from the method's arguments. @default none */
  readonly tags?: Tags;
}

/**
 * Answers calls of the method from a cache; runs the method, and stores what its promise resolves with, when
 * nothing is stored. Errors are not stored. `this` in `select`, `when` and `unless` is the instance.
 *
 * A method that is not async becomes async, hence the compiler accepts only those that return a promise. With
 * `applyDecorators` it needs a cast: `Cacheable(botDetails) as MethodDecorator`.
 *
 * @example
 * @Cacheable(botDetails, (_userId: string, botId: string) => [botId])
 * async getBotDetails(userId: string, botId: string): Promise<BotDetails> { … }
 *
 * @param definition made with `defineCache`
 * @param select picks the arguments of the definition's key out of the method's; by default they are the same
 * @throws CacheError `CACHE_INVALID_USE` at decoration, with class and method. The method rejects with
 * `CACHE_INVALID_KEY` when its arguments make no key.
 */
export function Cacheable<
  Args extends readonly unknown[],
  Value,
  Select extends Selector,
  When extends Condition,
  Unless extends Condition,
>(
  definition: CacheDefinition<Args, Value>,
  select?: Select & Picks<Args>,
  conditions?: CacheableConditions<When, Unless>,
): <
  Params extends BeforeCall<Select, Readonly<Args>> & BeforeCall<When> & AfterCall<Unless>,
  Method extends AsyncMethod<Value & Wanted<Unless>>,
>(
  target: object,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method is not called with what `select` or, without one, the cache takes, or with what `when` or `unless` takes'
  >,
) => void;
/**
 * Answers calls of the method from a cache of its own, named after class and method. Each class that inherits the
 * method has a cache of its own, unless the options have a name.
 *
 * By default it is keyed by all arguments: data, compared by its content. `null`, `undefined`, 1, '1' and `[1]`
 * differ; the order of an object's fields does not matter.
 *
 * @example
 * @Cacheable({ ttl: '1m' })
 * async calculateBotStatistics(botId: string): Promise<BotStatistics> { … }
 *
 * @throws CacheError as above
 */
export function Cacheable<
  Ttl extends Lifetime | ((...args: never) => Lifetime),
  Key extends (...args: never) => CacheKey,
  Tags extends TagSelector,
  When extends Condition,
  Unless extends Condition,
>(
  options: CacheableOptions<Ttl, Key, Tags, When, Unless>,
): <
  Params extends BeforeCall<Key> & BeforeCall<Tags> & BeforeCall<When> & AfterCall<Ttl> & AfterCall<Unless>,
  Method extends AsyncMethod<Wanted<Ttl> & Wanted<Unless>>,
>(
  target: object,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method is not called with what `key`, `tags`, `ttl`, `when` or `unless` takes'
  >,
) => void;
export function Cacheable(
  definitionOrOptions: unknown,
  select?: unknown,
  conditions?: unknown,
): (target: object, propertyKey: string | symbol, descriptor: PropertyDescriptor) => void {
  refuseBare('Cacheable', [definitionOrOptions, select, conditions], "@Cacheable({ ttl: '5m' })");
  return (target, propertyKey, descriptor) => {
    const plan = planOfMethod('Cacheable', target, propertyKey, descriptor);
    const place = describePlace('Cacheable', target, propertyKey);
    if (plan.cacheable !== undefined) {
      throw misuse(
        `Expected one @Cacheable of ${plan.where}, got two.`,
        'To store the result in a second cache, use @CachePut.',
        'To look it up in a second cache, call a method that has the other @Cacheable.',
      );
    }
    plan.addCacheable(
      isOptions(definitionOrOptions)
        ? implicitStep(definitionOrOptions, [select, conditions], { target, propertyKey, place, plan })
        : explicitStep(definitionOrOptions, select, conditions, place),
    );
  };
}

type OptionName = keyof CacheableOptions;

/** As keys of an object, so that the compiler misses one that is forgotten here. */
const OPTIONS = Object.keys({
  ttl: true,
  name: true,
  key: true,
  tags: true,
  when: true,
  unless: true,
  jitter: true,
  nullTtl: true,
  staleWhileRevalidate: true,
  staleIfError: true,
  refreshAhead: true,
  softTimeout: true,
  hardTimeout: true,
  tagsOf: true,
  l1: true,
  l2: true,
  isolation: true,
  compress: true,
  encrypt: true,
  version: true,
  revive: true,
  enabled: true,
} satisfies Record<OptionName, true>) as OptionName[];

/** Whether this declares a cache by itself: it is no definition, and has something of a policy. */
function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isDefinition(value);
}

function explicitStep(given: unknown, select: unknown, conditions: unknown, place: string): CacheableStep {
  const definition = definitionIn(given, 'the first argument', place);
  const options = conditions === undefined ? {} : optionsIn(conditions, ['when', 'unless'], place);
  return {
    definitionFor: () => definition,
    select: optionalFunctionIn(select, 'select', place, '(_userId: string, botId: string) => [botId]'),
    ...conditionsIn(options, place),
  };
}

interface Place {
  readonly target: object;
  readonly propertyKey: PropertyKey;
  /** Decorator, class and method. */
  readonly place: string;
  readonly plan: MethodPlan;
}

function implicitStep(
  given: object,
  more: readonly unknown[],
  { target, propertyKey, place, plan }: Place,
): CacheableStep {
  const options = optionsIn(given, OPTIONS, place);
  if (options.ttl === undefined) {
    throw misuse(
      `Expected the options of ${place} to have a \`ttl\`, got none.`,
      "Say how long an entry is fresh: @Cacheable({ ttl: '5m' }).",
    );
  }
  if (more.some((argument) => argument !== undefined)) {
    throw misuse(
      `Expected ${place} to have a selector only with a cache made with defineCache, got options and a selector.`,
      "Wrap the options: export const botDetails = defineCache({ name: 'bot-details', key, ttl }).",
      'Or leave the selector out: `key` among the options takes the arguments of the method.',
    );
  }
  const { name, key, when, unless, ...policy } = options;
  optionalFunctionIn(policy.tags, 'tags', place, 'tags: (botId: string) => [tag`bot:${botId}`]');
  const spec: ImplicitSpec = {
    name,
    key: optionalFunctionIn(key, 'key', place, 'key: (botId: string) => key`bot:${botId}`'),
    policy,
  };
  const cache = new ImplicitCache(spec, target, propertyKey, plan.where);
  return {
    definitionFor: (constructor) => cache.definitionFor(constructor),
    select: undefined,
    ...conditionsIn({ when, unless }, place),
  };
}

function conditionsIn(
  { when, unless }: { readonly when?: unknown; readonly unless?: unknown },
  place: string,
): Pick<CacheableStep, 'when' | 'unless'> {
  return {
    when: optionalFunctionIn(when, 'when', place, 'when: (botId: string) => botId !== DEMO'),
    unless: optionalFunctionIn(unless, 'unless', place, 'unless: (bot: Bot) => bot.isDraft'),
  };
}
