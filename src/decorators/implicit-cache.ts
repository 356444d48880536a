import { encodeArguments } from '../definition/canonical.js';
import { defineCache, type CacheSpec } from '../definition/define-cache.js';
import { deriveCache, LIFETIME_FIELDS, type Lifetimes } from '../definition/derive-cache.js';
import { limitLength, MAX_KEY_LENGTH } from '../definition/key-length.js';
import type { CacheKey } from '../definition/template.js';
import { classNameOf, lifetimesIn, policyOfClass, withoutUndefined } from './class-defaults.js';
import type { CacheSource, ClassLike, PlannedDefinition } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';
import { DefinitionPerClass } from './per-class.js';
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
export class ImplicitCache implements CacheSource {
  readonly identity: unknown;
  readonly #definitions: DefinitionPerClass;
  #named: PlannedDefinition | undefined;

  constructor(
    private readonly spec: ImplicitSpec,
    /** Where the method is declared. */
    private readonly prototype: object,
    private readonly property: PropertyKey,
    /** Class and method, for messages. */
    private readonly where: string,
  ) {
    const { name } = spec;
    // A name that breaks the rule is refused at once.
    this.identity = name === undefined ? 'without a name' : `named ${this.#define(name, { ttl: 0 }).name}`;
    this.#definitions = new DefinitionPerClass((constructor) =>
      name === undefined ? this.#ofClass(constructor) : this.#shared(name, constructor),
    );
  }

  /** The definition of the cache that instances of this class use. */
  definitionFor(constructor: ClassLike): PlannedDefinition {
    return this.#definitions.of(constructor);
  }

  #ofClass(constructor: ClassLike): PlannedDefinition {
    const policy = { ...policyOfClass(constructor), ...withoutUndefined(this.spec.policy) };
    this.#refuseWithoutTtl(policy, constructor);
    return this.#define(this.#nameFor(constructor), policy);
  }

  /**
   * One cache for all classes that have the method, whose entries live as each of them says. In what they have to
   * agree on, the class that declares the method counts.
   */
  #shared(name: unknown, constructor: ClassLike): PlannedDefinition {
    const own = withoutUndefined(this.spec.policy);
    const lifetimes = { ...lifetimesIn(policyOfClass(constructor)), ...lifetimesIn(own) };
    this.#refuseWithoutTtl(lifetimes, constructor);
    if (this.#named !== undefined) return variantOf(this.#named, lifetimes);
    const common: object = { ...policyOfClass(this.prototype.constructor), ...own };
    this.#named = this.#define(name, { ...common, ...exactly(lifetimes) });
    return this.#named;
  }

  #define(name: unknown, policy: object): PlannedDefinition {
    const { key } = this.spec;
    const text = String(name);
    const made = key === undefined ? keyOfAllArguments(text) : key;
    const isBelowName = key !== undefined && this.spec.name === undefined;
    const spec = { ...policy, name, key: isBelowName ? keyBelow(text, key) : made };
    return defineCache(spec as CacheSpec<readonly unknown[]>);
  }

  #refuseWithoutTtl(policy: { readonly ttl?: unknown }, { name }: ClassLike): void {
    if (policy.ttl !== undefined) return;
    throw misuse(
      `Expected the options of @Cacheable of ${this.where} to have a \`ttl\`, or @CacheDefaults of class ` +
        `${String(name)}, got none.`,
      "Say how long an entry is fresh: @Cacheable({ ttl: '5m' }).",
      "Or say it for all methods of the class: @CacheDefaults({ ttl: '5m' }).",
      'Or declare the cache with defineCache, and pass the constant to @Cacheable.',
    );
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

/** The lifetimes, and no others: what they do not tell is the module's. */
function exactly(lifetimes: Lifetimes): Lifetimes {
  const none = Object.fromEntries(LIFETIME_FIELDS.map((field) => [field, undefined]));
  return { ...none, ...lifetimes };
}

function variantOf(definition: PlannedDefinition, lifetimes: Lifetimes): PlannedDefinition {
  const isSame = LIFETIME_FIELDS.every((field) => definition.policy[field] === lifetimes[field]);
  return isSame ? definition : deriveCache(definition, exactly(lifetimes));
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
