import { encodeArguments } from '../definition/canonical.js';
import { defineCache, type CacheSpec } from '../definition/define-cache.js';
import { limitLength, MAX_KEY_LENGTH } from '../definition/key-length.js';
import type { CacheKey } from '../definition/template.js';
import type { ClassLike, PlannedDefinition, UserFunction } from './method-plan.js';
import { misuse } from './misuse.js';
import { cachePlanOf } from './plan-registry.js';

/** What `@Cacheable` has of a cache that no `defineCache` declares. */
export interface ImplicitSpec {
  /** Of whatever type it is: `defineCache` checks it. */
  readonly name: unknown;
  readonly key: UserFunction | undefined;
  /** Checked where all policies are, when the application starts. */
  readonly policy: object;
}

const MAX_NAME_LENGTH = 100;

/**
 * The cache of a method that names none. Unless it has a name, each class that inherits the method has its own:
 * `findById('1')` of two repositories that extend one class are two different things.
 */
export class ImplicitCache {
  readonly #definitions = new WeakMap<object, PlannedDefinition>();
  readonly #named: PlannedDefinition | undefined;

  constructor(
    private readonly spec: ImplicitSpec,
    /** Where the method is declared. */
    private readonly prototype: object,
    private readonly property: PropertyKey,
    /** Class and method, for messages. */
    private readonly where: string,
  ) {
    if (spec.name !== undefined) this.#named = this.#define(spec.name, spec.key);
  }

  /** The definition of the cache that instances of this class use. */
  definitionFor(constructor: ClassLike): PlannedDefinition {
    if (this.#named !== undefined) return this.#named;
    const known = this.#definitions.get(constructor);
    if (known !== undefined) return known;
    const name = this.#nameFor(constructor);
    const { key } = this.spec;
    const definition = this.#define(name, key && keyBelow(name, key));
    this.#definitions.set(constructor, definition);
    return definition;
  }

  #define(name: unknown, key: UserFunction | undefined): PlannedDefinition {
    const spec = { ...this.spec.policy, name, key: key ?? keyOfAllArguments(String(name)) };
    return defineCache(spec as CacheSpec<readonly unknown[]>);
  }

  #nameFor(constructor: ClassLike): string {
    const names = [classNameOf(constructor), methodName(this.property)];
    // Reached by `super`: the class has a method and perhaps a cache of that name already.
    if (this.#isHiddenIn(constructor)) names.splice(1, 0, classNameOf(this.prototype.constructor));
    if (!names.every((name) => /[A-Za-z0-9]/.test(name))) {
      throw misuse(
        `Expected ${this.where} to have a class and a method that a cache can be named after, ` +
          `got \`${names.join('.')}\`.`,
        "Name the cache: @Cacheable({ name: 'bot-statistics', ttl: '1m' }).",
        'Or declare it with defineCache, and pass the constant to @Cacheable.',
      );
    }
    const name = names
      .join('.')
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .slice(0, MAX_NAME_LENGTH);
    return name.replaceAll(/^[._-]+|[._-]+$/g, '');
  }

  #isHiddenIn({ prototype }: ClassLike): boolean {
    return cachePlanOf(prototype, this.property) !== cachePlanOf(this.prototype, this.property);
  }
}

/** Its own name, or the one of the class that it extends without having a name. */
function classNameOf(constructor: ClassLike): string {
  for (
    let named: object | null = constructor;
    named !== null;
    named = Object.getPrototypeOf(named) as object | null
  ) {
    if ('name' in named && typeof named.name === 'string' && named.name !== '') return named.name;
  }
  return '';
}

function methodName(property: PropertyKey): string {
  return typeof property === 'symbol' ? (property.description ?? '') : String(property);
}

/** Below the name, as two classes that inherit the method have one `key` and two caches. */
function keyBelow(name: string, key: UserFunction): UserFunction {
  return (...args) => {
    const made = key(...args);
    // What no template makes stays as it is, for the engine to refuse.
    const isKey = typeof made === 'string' && made !== '' && made.length <= MAX_KEY_LENGTH;
    return isKey ? limitLength(`${name}:${made}`) : made;
  };
}

function keyOfAllArguments(name: string): (...args: readonly unknown[]) => CacheKey {
  const cache = `cache \`${name}\``;
  return (...args) => limitLength(`${name}:${encodeArguments(args, cache)}`) as CacheKey;
}
