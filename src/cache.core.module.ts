import {
  ConfigurableModuleBuilder,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Inject,
  type Provider,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitterRules } from './cache.event-emitter.js';
import { CacheExplorer } from './cache.explorer.js';
import type { CacheModuleOptions } from './cache.options.js';
import { resolveOptions } from './cache.options.resolved.js';
import { CacheRuntime } from './cache.runtime.js';
import { CacheService } from './cache.service.js';
import type { TestSurroundings } from './shared-side.js';
import { CACHE_RUNTIME, CACHE_SERVICE, CACHE_TESTING } from './tokens.js';

/** What `useClass` and `useExisting` of `CacheModule.forRootAsync` name: a class that makes the options. */
export interface CacheOptionsFactory {
  createCacheOptions(): CacheModuleOptions | Promise<CacheModuleOptions>;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<CacheModuleOptions>({ moduleName: 'Cache' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createCacheOptions')
    .setExtras({ isGlobal: true }, (definition) => definition)
    .build();

/** Whoever injects something of the cache waits until the first attempt to reach Redis is over. */
const runtimeProvider: Provider = {
  provide: CACHE_RUNTIME,
  inject: [MODULE_OPTIONS_TOKEN, { token: CACHE_TESTING, optional: true }],
  useFactory: async (options: CacheModuleOptions, testing?: TestSurroundings) => {
    const resolved = resolveOptions(testing === undefined ? options : testing.options(options));
    const runtime = new CacheRuntime(resolved, testing);
    await runtime.open();
    return runtime;
  },
};

/** The library's own providers. `CacheModule` puts Nest's `CACHE_MANAGER` beside them. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    runtimeProvider,
    CacheService,
    { provide: CACHE_SERVICE, useExisting: CacheService },
    CacheExplorer,
    EventEmitterRules,
  ],
  exports: [CACHE_RUNTIME, CacheService, CACHE_SERVICE],
})
export class CacheCoreModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  constructor(@Inject(CACHE_RUNTIME) private readonly runtime: CacheRuntime) {
    super();
  }

  onApplicationBootstrap(): void {
    this.runtime.warnOfUnusedOverrides();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runtime.close();
  }
}
