import type { AnyCachePolicy } from '../definition/define-cache.js';
import { LIFETIME_FIELDS, type Lifetimes } from '../definition/derive-cache.js';
import type { Lifetime } from '../definition/duration.js';
import type { ClassLike } from './method-plan.js';

/** What `@CacheDefaults` takes. */
export interface CacheClassDefaults extends Partial<
  Omit<AnyCachePolicy, 'ttl' | 'tags' | 'tagsOf' | 'revive' | 'enabled'>
> {
  /** How long entries are fresh. @default the definition's; a cache without a definition needs one */
  readonly ttl?: Lifetime;
  /**
   * Stands in place of the class's name in the names of caches that have no definition: `bots` gives
   * `bots.calculateBotStatistics`. It counts for this class, and not for those that extend it.
   *
   * @default the class's name
   */
  readonly prefix?: string;
}

/** By class. */
const registered = new WeakMap<object, CacheClassDefaults>();

/** Notes the defaults of a class. Tells whether it had none. */
export function registerDefaults(constructor: object, defaults: CacheClassDefaults): boolean {
  if (registered.has(constructor)) return false;
  registered.set(constructor, Object.freeze({ ...defaults }));
  return true;
}

/** The policy that a class and those that it extends set; the nearest wins. */
export function policyOfClass(constructor: ClassLike): Omit<CacheClassDefaults, 'prefix'> {
  let policy: CacheClassDefaults = {};
  for (const owner of chainOf(constructor))
    policy = { ...withoutUndefined(registered.get(owner)), ...policy };
  const { prefix: _prefix, ...fields } = policy;
  return fields;
}

/** What caches of the class are named after: its prefix, or its name; without a name, those of the class it extends. */
export function classNameOf(constructor: ClassLike): string {
  for (const named of chainOf(constructor)) {
    if ('name' in named && typeof named.name === 'string' && named.name !== '') {
      return registered.get(named)?.prefix ?? named.name;
    }
  }
  return '';
}

/** Those of the fields that say how entries live. */
export function lifetimesIn(fields: object): Lifetimes {
  const known: readonly string[] = LIFETIME_FIELDS;
  return withoutUndefined(
    Object.fromEntries(Object.entries(fields).filter(([name]) => known.includes(name))),
  );
}

/** The fields that are set. */
export function withoutUndefined<T extends object>(fields: T | undefined): Partial<T> {
  const set = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<T>;
}

function* chainOf(constructor: object): Generator<object> {
  for (let owner: object | null = constructor; owner !== null && owner !== Function.prototype;) {
    yield owner;
    owner = Object.getPrototypeOf(owner) as object | null;
  }
}
