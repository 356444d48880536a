import { Inject } from '@nestjs/common';
import type { CacheService } from '../cache.service.js';
import { CACHE_SERVICE } from '../tokens.js';

/**
 * Where an instance with cached methods keeps the service of its application. Nest shows the description when
 * it has nothing to put there.
 */
export const CACHE_SERVICE_PROPERTY: unique symbol = Symbol.for(
  'CacheService of nestjs-roost: does the root module import CacheModule.forRoot(…)?',
);

interface Injected {
  readonly [CACHE_SERVICE_PROPERTY]?: CacheService;
}

/** For instances that can't be given a property, since their class freezes them. */
const servicesOfFrozen = new WeakMap<object, CacheService>();

/** Instances whose service does not come from Nest. */
const handed = new WeakSet<object>();

/**
 * Makes Nest inject the service into every instance of the class, without a trace in JSON, `toEqual` or the
 * console: what Nest assigns goes through a setter that makes the property not enumerable.
 */
export function injectService(prototype: object): void {
  if (!(CACHE_SERVICE_PROPERTY in prototype)) {
    Object.defineProperty(prototype, CACHE_SERVICE_PROPERTY, {
      configurable: true,
      get(this: object) {
        return servicesOfFrozen.get(this);
      },
      set(this: object, service: CacheService) {
        keep(this, service);
      },
    });
  }
  Inject(CACHE_SERVICE)(prototype, CACHE_SERVICE_PROPERTY);
}

/** The service of the application that the instance belongs to. */
export function serviceOf(instance: unknown): CacheService | undefined {
  return (instance as Injected | null | undefined)?.[CACHE_SERVICE_PROPERTY];
}

/**
 * Gives the service to an instance that a factory or the user made, into which Nest injects nothing. One that
 * Nest has injected stays; of several applications that share one instance, the last to start counts.
 */
export function handService(instance: object, service: CacheService): void {
  if (serviceOf(instance) !== undefined && !handed.has(instance)) return;
  handed.add(instance);
  keep(instance, service);
}

/**
 * A property of the instance rather than a map for all of them: where `instance` is a proxy that some tool put
 * around it, the property reaches what is inside, which is `this` in the methods of a proxy that binds them.
 */
function keep(instance: object, service: CacheService): void {
  if (Object.isExtensible(instance)) {
    const property = { value: service, configurable: true, writable: true, enumerable: false };
    Object.defineProperty(instance, CACHE_SERVICE_PROPERTY, property);
  } else {
    servicesOfFrozen.set(instance, service);
  }
}
