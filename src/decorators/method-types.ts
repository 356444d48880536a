import type { CacheKey, CachePattern, CacheTag } from '../definition/template.js';
import type { MaybePromise } from './maybe-promise.js';

/** What looks at a call and says yes or no. */
export type Condition = (...args: never) => boolean;

/**
 * What picks the arguments of a cache out of a call, at once or later. The `[]` makes TypeScript see tuples in what it
 * returns.
 */
export type Selector = (...args: never) => MaybePromise<readonly unknown[] | readonly []>;

/** Demands that a selector returns the arguments of a cache. */
export type Picks<Args extends readonly unknown[]> = (
  ...args: never
) => NoInfer<readonly [...Args]> | PromiseLike<Readonly<NoInfer<Args>>>;

/** What makes the key of an entry. It belongs to the cache, so that no instance is its `this`. */
export type KeyFunction = (this: void, ...args: never) => CacheKey;

/** What names the tags of an entry. It belongs to the cache, too. */
export type TagFunction = (this: void, ...args: never) => readonly CacheTag[];

/** What names tags for a call, at once or later. */
export type TagSelector = (...args: never) => MaybePromise<readonly CacheTag[]>;

/** What makes a pattern for a call, at once or later. */
export type PatternSelector = (...args: never) => MaybePromise<CachePattern>;

/** What makes of the stored form what callers get. As a method, so that it may take what it knows to be stored. */
export type ReviveFunction = { revive(this: void, plain: unknown): unknown }['revive'];

/** In place of a `revive` that is not given. */
export type NoRevive = (plain: unknown) => never;

/** Demands that callers get what the method promises. */
export type Revives<Revive extends ReviveFunction, Method, Complaint> = [ReturnType<Revive>] extends [never]
  ? unknown
  : Method extends (...args: never) => Promise<infer Result>
    ? [ReturnType<Revive>] extends [Result]
      ? unknown
      : Complaint
    : Complaint;

/** A method that can be decorated: it returns a promise of something that the functions around it take. */
export type AsyncMethod<Result = unknown> = (...args: never) => Promise<Result>;

/**
 * The descriptor of a method that is called with `Params`, or the complaint that it is not.
 *
 * The constraint of `Params` is all that the functions around the method demand. TypeScript infers `Params` from
 * the method where the constraint allows that, and else takes the constraint itself, hence the comparison. Simpler
 * ways fail: a conditional type stays undecided in a generic class, and TypeScript does not compare functions
 * strictly when one of them is a method.
 */
export type Suitable<
  Method,
  Params extends readonly unknown[],
  Complaint,
> = TypedPropertyDescriptor<Method> & {
  readonly value?: (...args: Params) => unknown;
} & (IsSame<Readonly<Params>, Readonly<ParametersOf<Method>>> extends true ? unknown : Complaint);

/** The lists of arguments that a function which runs before the method can be called with. */
export type BeforeCall<F, Otherwise = readonly unknown[]> = IfGiven<F, Callable<ParametersOf<F>>, Otherwise>;

/** The same for a function which runs after the method: without the result, which comes first. */
export type AfterCall<F> = IfGiven<F, Callable<Tail<ParametersOf<F>>>, readonly unknown[]>;

/** What has to be the `this` of functions that are called on the instance. */
export type InstanceFor<F> = [ThisOf<F>] extends [never]
  ? unknown
  : void extends ThisOf<F>
    ? unknown
    : ThisOf<F>;

/** Of several, one of which is given, of that one. */
type ThisOf<F> = F extends (...args: infer Args) => unknown
  ? [Args] extends [never]
    ? never
    : ThisParameterType<F>
  : never;

/** What a function that runs after the method wants the result to be. */
export type Wanted<F> = IfGiven<F, Head<ParametersOf<F>>, unknown>;

/** The arguments of a method that takes many of what the list begins with. */
export type ManyOf<List extends readonly unknown[]> = List extends readonly []
  ? never
  : readonly [ids: readonly List[0][], ...more: Tail<List>];

/** The lists of arguments that a method can be called with, where a function is asked with each id before the call. */
export type ManyBeforeCall<F, Otherwise> = IfGiven<F, Callable<ManyOf<ParametersOf<F>>>, Otherwise>;

/** The same for a function that is asked with each value and its id. */
export type ManyAfterCall<F> = IfGiven<
  F,
  Tail<ParametersOf<F>> extends readonly [] ? readonly unknown[] : Callable<ManyOf<Tail<ParametersOf<F>>>>,
  readonly unknown[]
>;

/** Demands that the ids are a list of any length: the method is called with those that are missing. */
export type AnyLength<Params extends readonly unknown[], Complaint> = Params[0] extends readonly unknown[]
  ? number extends Params[0]['length']
    ? unknown
    : Complaint
  : unknown;

/** What a method from ids to values returns. */
export type ManyValues<
  Result extends 'array' | 'map',
  Params extends readonly unknown[],
  Value,
> = Result extends 'map' ? ReadonlyMap<ElementOf<Params[0]>, Value> : readonly Value[];

type ElementOf<List> = List extends readonly (infer Element)[] ? Element : never;

/** In place of a function that is not given, TypeScript infers the constraint, which has no parameters to be called with. */
type IfGiven<F, Yes, No> = [ParametersOf<F>] extends [never] ? No : Yes;

type ParametersOf<F> = F extends (...args: infer Args) => unknown ? Args : never;

type Head<List extends readonly unknown[]> = List extends readonly [] ? unknown : List[0];

/** Of a list of any length, the rest is the same list. */
type Tail<List extends readonly unknown[]> = List extends readonly [unknown?, ...infer Rest] ? Rest : List;

/** Functions may take less than they are called with. One with a rest parameter takes everything. */
type Callable<List extends readonly unknown[]> = number extends List['length']
  ? MayLack<List>
  : readonly [...MayLack<List>, ...unknown[]];

/** What may be `undefined` may be missing at the end: the function can't tell. */
type MayLack<List extends readonly unknown[]> = List extends readonly [infer First, ...infer Rest]
  ? [] extends MayLack<Rest>
    ? undefined extends First
      ? readonly [First?, ...MayLack<Rest>]
      : readonly [First, ...MayLack<Rest>]
    : readonly [First, ...MayLack<Rest>]
  : List;

/** Whether two types are identical: TypeScript finds two undecided types alike only if all of their parts are. */
type IsSame<A, B> =
  (<T>(value: T) => T extends A ? 1 : 2) extends <T>(value: T) => T extends B ? 1 : 2 ? true : false;
