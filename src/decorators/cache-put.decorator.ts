import type { CacheDefinition } from '../definition/define-cache.js';
import { refuseBare } from './bare-decorator.js';
import { definitionIn, functionIn, optionalFunctionIn, optionsIn } from './decorator-options.js';
import { ExplicitCache } from './explicit-cache.js';
import type {
  AfterCall,
  AsyncMethod,
  BeforeCall,
  Condition,
  InstanceFor,
  Picks,
  Selector,
  Suitable,
  Wanted,
} from './method-types.js';
import { describePlace } from './decorated-method.js';
import { planOfMethod } from './method-wrapper.js';
import { PutStep } from './put-step.js';

/** What `@CachePut` takes. */
export interface CachePutOptions<
  Args extends readonly unknown[],
  Value = unknown,
  Select extends Selector = Selector,
  When extends Condition = Condition,
  Unless extends Condition = Condition,
> {
  /** Where the result is stored. */
  readonly cache: CacheDefinition<Args, Value>;
  /** Picks the arguments of the cache's key out of the result and the method's arguments. */
  readonly select: Select & Picks<Args>;
  /** Asked with the method's arguments before the call: `false` leaves the cache alone. @default always */
  readonly when?: When;
  /** Asked with the result and the method's arguments: `true` leaves the cache alone. @default never */
  readonly unless?: Unless;
}

/**
 * Stores what the method's promise resolves with, over what is stored. The method is then called in any case, also
 * with a `@Cacheable` beside it, whose cache gets the result, too; if its `when` says no, it is as if it were not
 * there. Several on one method work side by side.
 *
 * All are stored before the method's promise resolves. `this` in the functions is the instance. What goes wrong
 * after the call is logged and does not change the result.
 *
 * @example
 * @CachePut({ cache: botDetails, select: (bot: Bot) => [bot.id] })
 * async updateBot(userId: string, botId: string, changes: UpdateBot): Promise<Bot> { … }
 *
 * @throws CacheError `CACHE_INVALID_USE` at decoration, with class and method
 */
export function CachePut<
  Args extends readonly unknown[],
  Value,
  Select extends Selector,
  When extends Condition,
  Unless extends Condition,
>(
  options: CachePutOptions<Args, Value, Select, When, Unless>,
): <
  Params extends AfterCall<Select> & BeforeCall<When> & AfterCall<Unless>,
  Method extends AsyncMethod<Value & Wanted<Select> & Wanted<Unless>>,
>(
  target: object & InstanceFor<Select> & InstanceFor<When> & InstanceFor<Unless>,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method is not called with what `select`, `when` or `unless` takes'
  >,
) => void {
  refuseBare('CachePut', [...arguments], '@CachePut({ cache: botDetails, select: (bot: Bot) => [bot.id] })');
  return (target, propertyKey, descriptor) => {
    const plan = planOfMethod('CachePut', target, propertyKey, descriptor);
    const place = describePlace('CachePut', target, propertyKey);
    const { cache, select, when, unless } = optionsIn(options, ['cache', 'select', 'when', 'unless'], place);
    const parts = {
      cache: new ExplicitCache(definitionIn(cache, '`cache`', place)),
      select: functionIn(select, 'select', place, 'select: (bot: Bot) => [bot.id]'),
      when: optionalFunctionIn(when, 'when', place, 'when: (userId: string) => userId !== GUEST'),
      unless: optionalFunctionIn(unless, 'unless', place, 'unless: (bot: Bot) => bot.isDraft'),
    };
    plan.addPut(new PutStep(parts));
  };
}
