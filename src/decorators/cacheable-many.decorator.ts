import type { CacheDefinition } from '../definition/define-cache.js';
import { LIFETIME_FIELDS } from '../definition/derive-cache.js';
import { describeType } from '../definition/describe-type.js';
import { addRead } from './add-read.js';
import { refuseBare } from './bare-decorator.js';
import { CacheableManyStep } from './cacheable-many-step.js';
import type { AnyTtl, MethodLifetimes, TtlOf } from './cacheable-options.js';
import { describePlace } from './decorated-method.js';
import { definitionIn, lifetimesOf, optionalFunctionIn, optionsIn } from './decorator-options.js';
import { ExplicitCache } from './explicit-cache.js';
import type {
  AnyLength,
  AsyncMethod,
  BeforeCall,
  Condition,
  InstanceFor,
  ManyAfterCall,
  ManyBeforeCall,
  ManyOf,
  ManyValues,
  Picks,
  Selector,
  Suitable,
  Wanted,
} from './method-types.js';
import { planOfMethod } from './method-wrapper.js';
import { misuse } from './misuse.js';

/** What `@CacheableMany` takes behind definition and selector. */
export interface CacheableManyOptions<
  When extends Condition = Condition,
  Unless extends Condition = Condition,
  Ttl extends AnyTtl = AnyTtl,
  Result extends 'array' | 'map' = 'array' | 'map',
> extends MethodLifetimes<Ttl> {
  /** Asked with the method's arguments before the call: `false` neither reads nor stores. @default always */
  readonly when?: When;
  /**
   * Asked with each new value, its id, and what the method takes behind the ids: `true` returns the value without
   * storing it. @default never
   */
  readonly unless?: Unless;
  /**
   * What the method returns: an array of one value for each id, in their order, or a `Map` by id that may leave some
   * out.
   *
   * @default 'array'
   */
  readonly result?: Result;
}

/**
 * Answers a method from ids to values, each id with an entry of its own: those that are stored come from the cache, in
 * one round trip, and the method is called with the other ids only, each of them once. The order is kept. For no ids
 * it is not called.
 *
 * What a `Map` leaves out is remembered as absent, for the cache's `nullTtl`. `this` in the functions is the instance.
 *
 * @example
 * @CacheableMany(botDetails)
 * async getBotDetails(botIds: readonly string[]): Promise<BotDetails[]> { … }
 *
 * @param definition made with `defineCache`
 * @param select picks the arguments of the definition's key out of one id and what the method takes behind the ids; by
 * default they are the same
 * @param options when it applies, what the method returns, and how entries live that it stores
 * @throws CacheError `CACHE_INVALID_USE` at decoration, with class and method. The method rejects with it when it
 * returns something else than a value for each id.
 */
export function CacheableMany<
  Args extends readonly unknown[],
  Value,
  Select extends Selector,
  When extends Condition,
  Unless extends Condition,
  Ttl extends AnyTtl,
  Result extends 'array' | 'map' = 'array',
>(
  definition: CacheDefinition<Args, Value>,
  select?: Select & Picks<Args>,
  options?: CacheableManyOptions<When, Unless, Ttl & TtlOf<Args>, Result>,
): <
  Params extends ManyBeforeCall<Select, ManyOf<Args>> & BeforeCall<When> & ManyAfterCall<Unless>,
  Method extends AsyncMethod<ManyValues<Result, Params, Value & Wanted<Unless> & Wanted<Ttl>>>,
>(
  target: object & InstanceFor<Select> & InstanceFor<When> & InstanceFor<Unless>,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method does not take an array of what `select` or, without one, the cache takes one of, or what `when` or `unless` takes'
  > &
    AnyLength<Params, 'the ids are a tuple: the method is called with any number of them'>,
) => void {
  refuseBare('CacheableMany', [...arguments], '@CacheableMany(botDetails)');
  return (target, propertyKey, descriptor) => {
    const plan = planOfMethod('CacheableMany', target, propertyKey, descriptor);
    const place = describePlace('CacheableMany', target, propertyKey);
    const cache = definitionIn(definition, 'the first argument', place);
    const { when, unless, result = 'array', ...own } = optionsIn(options ?? {}, OPTIONS, place);
    if (result !== 'array' && result !== 'map') {
      throw misuse(
        `Expected \`result\` of ${place} to be 'array' or 'map', got ${typeof result === 'string' ? `'${result}'` : describeType(result)}.`,
        'Leave it out for an array.',
      );
    }
    const step = new CacheableManyStep({
      cache: new ExplicitCache(cache, lifetimesOf(own, place)),
      select: optionalFunctionIn(select, 'select', place, '(botId: string) => [botId]'),
      when: optionalFunctionIn(
        when,
        'when',
        place,
        'when: (botIds: readonly string[]) => botIds.length < 100',
      ),
      unless: optionalFunctionIn(unless, 'unless', place, 'unless: (bot: Bot) => bot.isDraft'),
      result,
    });
    addRead(plan, step);
  };
}

const OPTIONS = ['when', 'unless', 'result', ...LIFETIME_FIELDS] as const;
