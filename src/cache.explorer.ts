import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { CacheRuntime } from './cache.runtime.js';
import type { CacheService } from './cache.service.js';
import type { CacheDefinition } from './definition/define-cache.js';
import { misuse } from './decorators/misuse.js';
import { hasPlans, plannedDefinitions } from './decorators/plan-registry.js';
import { handService } from './decorators/service-property.js';
import { CacheError } from './errors.js';
import { CACHE_RUNTIME, CACHE_SERVICE } from './tokens.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Puts all definitions to use that decorators of providers and controllers name, so that a name given twice, an
 * invalid policy or a second `CacheModule` stops the start, and not the first call.
 */
@Injectable()
export class CacheExplorer implements OnModuleInit {
  /** Class and method where the cache of a name was found first. */
  private readonly firstUses = new Map<string, string>();

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CACHE_SERVICE) private readonly service: CacheService,
  ) {}

  onModuleInit(): void {
    this.refuseSecondModule();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      this.explore(wrapper);
    }
  }

  /**
   * Each module has a memory, tag tokens and generations of its own. What a decorated method evicts in the one
   * that Nest happens to inject would be served on by the other, and no eviction would be final.
   */
  private refuseSecondModule(): void {
    const runtimes = this.discovery.getProviders().filter(({ token }) => token === CACHE_RUNTIME);
    if (runtimes.length < 2) return;
    const namespaces = runtimes.map(({ instance }) => `\`${(instance as CacheRuntime).options.namespace}\``);
    throw misuse(
      `Expected one CacheModule in the application, got ${runtimes.length}, with namespaces ${namespaces.join(', ')}.`,
      'Call CacheModule.forRoot(…) once, in the root module: by default all modules can inject what it provides.',
      'With `isGlobal: false`, keep what it returns in a constant, and import that constant wherever it is needed.',
      'In a test of a module that imports it already, leave the second one out.',
    );
  }

  private explore(wrapper: InstanceWrapper): void {
    const { metatype } = wrapper;
    const made: unknown = wrapper.isNotMetatype ? wrapper.instance : undefined;
    if (typeof made === 'object' && made !== null) {
      if (this.bindAll(Object.getPrototypeOf(made) as object | null)) handService(made, this.service);
    } else if (typeof metatype === 'function') {
      this.bindAll(metatype.prototype as object | null | undefined);
    }
  }

  /** Tells whether there was anything to put to use. */
  private bindAll(prototype: object | null | undefined): boolean {
    if (prototype === null || prototype === undefined || !hasPlans(prototype)) return false;
    for (const { definition, where } of plannedDefinitions(prototype)) {
      this.bind(definition, placeOf(where, prototype.constructor.name));
    }
    return true;
  }

  private bind(definition: CacheDefinition<readonly unknown[]>, where: string): void {
    const { firstUses } = this;
    try {
      this.service.cache(definition);
      if (!firstUses.has(definition.name)) firstUses.set(definition.name, where);
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      const isTaken = error.code === 'CACHE_INVALID_USE';
      const users = usersOf(where, isTaken ? firstUses.get(definition.name) : undefined);
      throw new CacheError(error.code, `${error.message} ${users}`, { cause: error });
    }
  }
}

/** Class and method, and the class that has inherited it. */
function placeOf(where: string, className: string): string {
  return where.startsWith(`${className}.`) ? where : `${where} of ${className}`;
}

function usersOf(where: string, first: string | undefined): string {
  if (first === undefined) return `It is used by ${where}.`;
  if (first !== where) return `It is used by ${where}, the first one by ${first}.`;
  return `Both are used by ${where}, of one class or of two that have one name.`;
}
