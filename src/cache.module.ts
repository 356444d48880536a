import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Module, Scope, type DynamicModule, type Provider } from '@nestjs/common';
import { cacheManagerOptions } from './bridge/cache-manager.bridge.js';
import { gatedClient } from './bridge/gated-client.js';
import { ASYNC_OPTIONS_TYPE, CacheCoreModule, OPTIONS_TYPE } from './cache.core.module.js';
import type { CacheRuntime } from './cache.runtime.js';
import { CacheService } from './cache.service.js';
import { injectedDefinitions } from './decorators/inject-cache.decorator.js';
import { CACHE_RUNTIME } from './tokens.js';

/**
 * The caching module: `CacheService`, the decorators' engine, and Nest's own `CACHE_MANAGER`, on one Redis
 * connection. Import it once, in the root module.
 */
@Module({})
export class CacheModule {
  /**
   * Configures the caches.
   *
   * @example
   * CacheModule.forRoot({ namespace: 'prod:bots', redis: process.env.REDIS_URL })
   *
   * @param options see {@link CacheModuleOptions}; also `isGlobal` (default true): whether all modules can inject
   * what this one provides
   * @throws CacheError `CACHE_INVALID_OPTION` at start, naming the option, the rule and the value
   */
  static forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return compose(CacheCoreModule.forRoot(options), options.isGlobal ?? true);
  }

  /**
   * Configures the caches with what is known only at start: `useFactory` with `inject`, `useClass` or
   * `useExisting` (a {@link CacheOptionsFactory}), and `imports`.
   *
   * @example
   * CacheModule.forRootAsync({ inject: [ConfigService], useFactory: (config) => ({ … }) })
   */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return compose(CacheCoreModule.forRootAsync(options), options.isGlobal ?? true);
  }
}

function compose(configured: DynamicModule, isGlobal: boolean): DynamicModule {
  const core = withHandles({ ...configured, global: isGlobal });
  const manager: DynamicModule = {
    ...NestCacheModule.registerAsync({
      imports: [core],
      inject: [CACHE_RUNTIME],
      useFactory: (runtime: CacheRuntime) => managerOptions(runtime),
    }),
    global: isGlobal,
  };
  return { module: CacheModule, global: isGlobal, imports: [core, manager], exports: [core, manager] };
}

/**
 * Adds a provider for each definition that `@InjectCache` names. Nest reads the lists when it inserts this module:
 * by then all files that are imported statically have been, whatever their order. One that is imported later, by
 * an `import()` among the imports or the LazyModuleLoader, comes too late, as the token's description tells.
 */
function withHandles(configured: DynamicModule): DynamicModule {
  const { providers = [], exports = [], ...rest } = configured;
  return {
    ...rest,
    get providers() {
      return [...providers, ...handleProviders()];
    },
    get exports() {
      return [...exports, ...injectedDefinitions().map(({ token }) => token)];
    },
  };
}

/** Transient: a handle is made only where it is injected, so another application's definitions don't matter. */
function handleProviders(): Provider[] {
  return injectedDefinitions().map(({ token, definition }) => ({
    provide: token,
    scope: Scope.TRANSIENT,
    inject: [CacheService],
    useFactory: (service: CacheService) => service.cache(definition),
  }));
}

function managerOptions(runtime: CacheRuntime) {
  const { namespace, cacheManagerTtl, memory } = runtime.options;
  const { redis } = runtime;
  const client = redis && gatedClient(redis.connection.client, (act) => redis.gate.run(act, 'CACHE_MANAGER'));
  return cacheManagerOptions(client, {
    namespace,
    ttl: cacheManagerTtl,
    memory,
    onError: (operation, error) => runtime.report(`CACHE_MANAGER ${operation}`, error),
  });
}
