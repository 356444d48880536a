import type { CacheDefinition } from '../definition/define-cache.js';

/** A function that the user gave to a decorator; what it takes and returns has been checked by the compiler. */
export type UserFunction = (...args: readonly unknown[]) => unknown;

/** A definition that is called with what a selector returns. */
export type PlannedDefinition = CacheDefinition<readonly unknown[]>;

/** What of a class is needed to name it. */
export interface ClassLike {
  readonly name: unknown;
  readonly prototype: object;
}

interface Conditional {
  readonly when: UserFunction | undefined;
}

/** What one `@Cacheable` asks for. */
export interface CacheableStep extends Conditional {
  /** The same for all instances, or one for each class that has the method. */
  readonly definitionFor: (constructor: ClassLike) => PlannedDefinition;
  /** Without one, the cache takes what the method takes. */
  readonly select: UserFunction | undefined;
  readonly unless: UserFunction | undefined;
}

/** What one `@CachePut` asks for. */
export interface PutStep extends Conditional {
  readonly definition: PlannedDefinition;
  readonly select: UserFunction;
  readonly unless: UserFunction | undefined;
}

/** What one `@CacheEvict` removes. */
export type EvictTarget =
  | { readonly kind: 'entry'; readonly definition: PlannedDefinition; readonly select: UserFunction }
  | { readonly kind: 'all'; readonly definition: PlannedDefinition }
  | { readonly kind: 'tags'; readonly tags: UserFunction }
  | { readonly kind: 'pattern'; readonly pattern: UserFunction };

/** What one `@CacheEvict` asks for. */
export interface EvictStep extends Conditional {
  readonly target: EvictTarget;
  readonly before: boolean;
}

/** Everything that the decorators of one method ask for. Its one wrapper reads it at each call. */
export class MethodPlan {
  readonly puts: PutStep[] = [];
  readonly evictions: EvictStep[] = [];
  #cacheable: CacheableStep | undefined;
  #onlyRead: CacheableStep | undefined;

  constructor(
    /** Class and method, for messages. */
    readonly where: string,
  ) {}

  get cacheable(): CacheableStep | undefined {
    return this.#cacheable;
  }

  /** The `@Cacheable` of a method that has nothing else, and no conditions: the way without detours. */
  get onlyRead(): CacheableStep | undefined {
    return this.#onlyRead;
  }

  addCacheable(step: CacheableStep): void {
    this.#cacheable = step;
    this.#update();
  }

  addPut(step: PutStep): void {
    this.puts.push(step);
    this.#update();
  }

  addEviction(step: EvictStep): void {
    this.evictions.push(step);
    this.#update();
  }

  #update(): void {
    const step = this.#cacheable;
    const isAlone = this.puts.length === 0 && this.evictions.length === 0;
    const isUnconditional = step?.when === undefined && step?.unless === undefined;
    this.#onlyRead = isAlone && isUnconditional ? step : undefined;
  }
}
