import type { CacheDefinition } from '../definition/define-cache.js';
import { LIFETIME_FIELDS } from '../definition/derive-cache.js';
import { addRead } from './add-read.js';
import { refuseBare } from './bare-decorator.js';
import type { AnyTtl, CacheableMethodOptions, CacheableOptions, TtlOf } from './cacheable-options.js';
import { CacheableStep, type CacheableParts } from './cacheable-step.js';
import { describePlace } from './decorated-method.js';
import {
  definitionIn,
  isDefinition,
  lifetimesOf,
  optionalFunctionIn,
  optionsIn,
} from './decorator-options.js';
import { ExplicitCache } from './explicit-cache.js';
import { ImplicitCache, type ImplicitSpec } from './implicit-cache.js';
import type { MethodPlan } from './method-plan.js';
import type {
  AfterCall,
  AsyncMethod,
  BeforeCall,
  Condition,
  InstanceFor,
  KeyFunction,
  NoRevive,
  Picks,
  ReviveFunction,
  Revives,
  Selector,
  Suitable,
  TagFunction,
  Wanted,
} from './method-types.js';
import { planOfMethod } from './method-wrapper.js';
import { misuse } from './misuse.js';

/**
 * Answers calls of the method from a cache; runs the method, and stores what its promise resolves with, when
 * nothing is stored. Errors are not stored. `this` in `select`, `when` and `unless` is the instance.
 *
 * Of several on one method the topmost is asked first. Its loader asks the next one, that of the last one runs the
 * method. What a later one has stored is returned, and not copied into those before it.
 *
 * A method that is not async becomes async, hence the compiler accepts only those that return a promise. With
 * `applyDecorators` it needs a cast: `Cacheable(botDetails) as MethodDecorator`.
 *
 * @example
 * @Cacheable(botDetails, (_userId: string, botId: string) => [botId])
 * async getBotDetails(userId: string, botId: string): Promise<BotDetails> { … }
 *
 * @param definition made with `defineCache`
 * @param select picks the arguments of the definition's key out of the method's, or promises them; by default they
 * are the same
 * @param options when it applies, and how entries live that this method stores
 * @throws CacheError `CACHE_INVALID_USE` at decoration, with class and method. The method rejects with
 * `CACHE_INVALID_KEY` when its arguments make no key.
 */
export function Cacheable<
  Args extends readonly unknown[],
  Value,
  Select extends Selector,
  When extends Condition,
  Unless extends Condition,
  Ttl extends AnyTtl,
>(
  definition: CacheDefinition<Args, Value>,
  select?: Select & Picks<Args>,
  options?: CacheableMethodOptions<When, Unless, Ttl & TtlOf<Args>>,
): <
  Params extends BeforeCall<Select, Readonly<Args>> & BeforeCall<When> & AfterCall<Unless>,
  Method extends AsyncMethod<Value & Wanted<Unless> & Wanted<Ttl>>,
>(
  target: object & InstanceFor<Select> & InstanceFor<When> & InstanceFor<Unless>,
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
 * The `ttl` may come from the class's `@CacheDefaults`.
 *
 * @throws CacheError as above
 */
export function Cacheable<
  Ttl extends AnyTtl,
  Key extends KeyFunction,
  Tags extends TagFunction,
  When extends Condition,
  Unless extends Condition,
  TagsOf extends TagFunction,
  Revive extends ReviveFunction = NoRevive,
>(
  options: CacheableOptions<Ttl, Key, Tags, When, Unless, TagsOf, Revive>,
): <
  Params extends BeforeCall<Key> &
    BeforeCall<Tags> &
    BeforeCall<When> &
    AfterCall<Ttl> &
    AfterCall<Unless> &
    AfterCall<TagsOf>,
  Method extends AsyncMethod<Wanted<Ttl> & Wanted<Unless> & Wanted<TagsOf>>,
>(
  target: object & InstanceFor<When> & InstanceFor<Unless>,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method is not called with what `key`, `tags`, `tagsOf`, `ttl`, `when` or `unless` takes'
  > &
    Revives<Revive, Method, 'the method promises something else than what `revive` makes'>,
) => void;
/** The same, with a policy that is all of the class's `@CacheDefaults`. */
export function Cacheable(): <Method extends AsyncMethod>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;
export function Cacheable(
  ...given: readonly unknown[]
): (target: object, propertyKey: string | symbol, descriptor: PropertyDescriptor) => void {
  refuseBare('Cacheable', given, "@Cacheable({ ttl: '5m' })");
  return (target, propertyKey, descriptor) => {
    const plan = planOfMethod('Cacheable', target, propertyKey, descriptor);
    const place = describePlace('Cacheable', target, propertyKey);
    // Given but undefined is an import that goes round in circles.
    const [first, ...more] = given.length === 0 ? [{}] : given;
    const step = isOptions(first)
      ? implicitStep(first, more, { target, propertyKey, place, plan })
      : explicitStep(first, more, place);
    addRead(plan, step);
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

function explicitStep(given: unknown, more: readonly unknown[], place: string): CacheableStep {
  const definition = definitionIn(given, 'the first argument', place);
  const [select, options = {}] = more;
  const { when, unless, ...own } = optionsIn(options, ['when', 'unless', ...LIFETIME_FIELDS], place);
  return new CacheableStep({
    cache: new ExplicitCache(definition, lifetimesOf(own, place)),
    select: optionalFunctionIn(select, 'select', place, '(_userId: string, botId: string) => [botId]'),
    ...conditionsIn({ when, unless }, place),
  });
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
  return new CacheableStep({
    cache: new ImplicitCache(spec, target, propertyKey, plan.where),
    select: undefined,
    ...conditionsIn({ when, unless }, place),
  });
}

function conditionsIn(
  { when, unless }: { readonly when?: unknown; readonly unless?: unknown },
  place: string,
): Pick<CacheableParts, 'when' | 'unless'> {
  return {
    when: optionalFunctionIn(when, 'when', place, 'when: (botId: string) => botId !== DEMO'),
    unless: optionalFunctionIn(unless, 'unless', place, 'unless: (bot: Bot) => bot.isDraft'),
  };
}
