import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { CacheService } from './cache.service.js';
import type { CacheDefinition } from './definition/define-cache.js';
import { hasPlans, plannedDefinitions } from './decorators/plan-registry.js';
import { handService } from './decorators/service-property.js';
import { CacheError } from './errors.js';
import { CACHE_SERVICE } from './tokens.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Puts all definitions to use that decorators of providers and controllers name, so that a name given twice or an
 * invalid policy stops the start, and not the first call.
 */
@Injectable()
export class CacheExplorer implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CACHE_SERVICE) private readonly service: CacheService,
  ) {}

  onModuleInit(): void {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      this.explore(wrapper);
    }
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
    for (const { definition, where } of plannedDefinitions(prototype)) this.bind(definition, where);
    return true;
  }

  private bind(definition: CacheDefinition<readonly unknown[]>, where: string): void {
    try {
      this.service.cache(definition);
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      throw new CacheError(error.code, `${error.message} It is used by ${where}.`, { cause: error });
    }
  }
}
