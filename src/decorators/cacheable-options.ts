import type { AnyCachePolicy } from '../definition/define-cache.js';
import type { Lifetimes } from '../definition/derive-cache.js';
import type { Lifetime } from '../definition/duration.js';
import type { Condition, KeyFunction, NoRevive, ReviveFunction, TagFunction } from './method-types.js';

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

/** A ttl of any kind. A function belongs to the cache, so that no instance is its `this`. */
export type AnyTtl = Lifetime | ((this: void, ...args: never) => Lifetime);

/** Demands that a ttl which is a function takes a value and the arguments of a cache. */
export type TtlOf<Args extends readonly unknown[]> = NoInfer<
  Lifetime | ((value: never, ...args: Args) => Lifetime)
>;

/** How the entries of a cache live where one method uses it: what is given here wins over the class and the definition. */
export interface MethodLifetimes<Ttl extends AnyTtl = AnyTtl> extends Omit<Lifetimes, 'ttl'> {
  /**
   * How long an entry is fresh: as in a definition. A function takes the value and the arguments of the cache.
   *
   * @default the class's, else the definition's
   */
  readonly ttl?: Ttl;
}

/** What `@Cacheable` takes behind definition and selector. */
export interface CacheableMethodOptions<
  When extends Condition = Condition,
  Unless extends Condition = Condition,
  Ttl extends AnyTtl = AnyTtl,
>
  extends CacheableConditions<When, Unless>, MethodLifetimes<Ttl> {}

/** What `@Cacheable` takes in place of a definition: the policy of a cache, as `defineCache` has it. */
export interface CacheableOptions<
  Ttl extends AnyTtl = AnyTtl,
  Key extends KeyFunction = KeyFunction,
  Tags extends TagFunction = TagFunction,
  When extends Condition = Condition,
  Unless extends Condition = Condition,
  TagsOf extends TagFunction = TagFunction,
  Revive extends ReviveFunction = NoRevive,
>
  extends Omit<AnyCachePolicy, 'ttl' | 'tags' | 'tagsOf' | 'revive'>, CacheableConditions<When, Unless> {
  /**
   * How long an entry is fresh: milliseconds, a text with a unit (`'5m'`), `'forever'`, or a function of the
   * value and the method's arguments.
   *
   * @default that of the class's `@CacheDefaults`; one of the two has to be there
   */
  readonly ttl?: Ttl;
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
  /** Further labels, from the value and the method's arguments, as in a definition. @default none */
  readonly tagsOf?: TagsOf;
  /**
   * Makes what callers get from what was stored, as in a definition: what the method promises.
   *
   * @default values come back as they were stored
   */
  readonly revive?: Revive;
}
