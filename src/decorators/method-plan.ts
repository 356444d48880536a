import type { CacheDefinition } from '../definition/define-cache.js';
import type { MethodCall } from './method-call.js';
import type { UserFunction } from './user-function.js';

/** A definition that is called with what a selector returns. */
export type PlannedDefinition = CacheDefinition<readonly unknown[]>;

/** What of a class is needed to name it. */
export interface ClassLike {
  readonly name: unknown;
  readonly prototype: object;
}

/** The cache of a step. */
export interface CacheSource {
  /** What it is known by: steps of one method that have the same one have the same cache. */
  readonly identity: unknown;
  /** The definition for instances of a class: class and method may say how entries live, or name the cache. */
  definitionFor(constructor: ClassLike): PlannedDefinition;
}

interface Conditional {
  /** Asked before the call whether the step is to happen. */
  readonly when: UserFunction | undefined;
}

/** A step that stores the result of a call, as a `@CachePut` does. */
export interface StoringStep extends Conditional {
  readonly cache: CacheSource;
  /** Stores what the method returned, over what is stored. */
  put(call: MethodCall, result: unknown): Promise<void>;
}

/** The place of a step among several that answer one method. */
export interface Place {
  /** Asks the step behind; the last one runs the method. */
  readonly load: () => unknown;
  /** Whether what `load` gave is what the method returned, in this very call. */
  readonly mayStore: boolean;
  /** The step answers with what its `load` gave. */
  readonly onOwnLoad: () => void;
}

/** A step that answers a call in place of the method, as a `@Cacheable` does. When the method is called anyway, it stores. */
export interface ReadingStep extends StoringStep {
  readonly decorator: 'Cacheable' | 'CacheableMany';
  /**
   * Answers from the cache, else with what is behind it, which is then stored.
   *
   * @param place none when there is nothing behind it but the method
   */
  read(call: MethodCall, place?: Place): Promise<unknown>;
  /** Answers with what is behind the cache, and notes there that it was passed by. */
  passBy(call: MethodCall, place?: Place): Promise<unknown>;
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
  readonly strict: boolean;
}

/** Everything that the decorators of one method ask for. Its one wrapper reads it at each call. */
export class MethodPlan {
  readonly puts: StoringStep[] = [];
  readonly evictions: EvictStep[] = [];
  /** In the order of the source: the first is asked first. */
  readonly reads: ReadingStep[] = [];
  #onlyRead: ReadingStep | undefined;
  #takesMany = false;

  constructor(
    /** Class and method, for messages. */
    readonly where: string,
  ) {}

  /** The one reading step of a method that has nothing else, and no `when`: the way without detours. */
  get onlyRead(): ReadingStep | undefined {
    return this.#onlyRead;
  }

  /** Whether the method goes from ids to values. */
  get takesMany(): boolean {
    return this.#takesMany;
  }

  /** Decorators are applied from the lowest to the topmost. */
  addRead(step: ReadingStep): void {
    this.reads.unshift(step);
    this.#update();
  }

  addPut(step: StoringStep): void {
    this.puts.push(step);
    this.#update();
  }

  addEviction(step: EvictStep): void {
    this.evictions.push(step);
    this.#update();
  }

  #update(): void {
    const [step, ...others] = this.reads;
    const isAlone = others.length === 0 && this.puts.length === 0 && this.evictions.length === 0;
    this.#onlyRead = isAlone && step?.when === undefined ? step : undefined;
    this.#takesMany = step?.decorator === 'CacheableMany';
  }
}
