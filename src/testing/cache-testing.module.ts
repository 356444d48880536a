import { Module, type DynamicModule } from '@nestjs/common';
import { CacheModule } from '../cache.module.js';
import { CACHE_TESTING } from '../tokens.js';
import { CacheTester, type CacheTestingOptions } from './cache-tester.js';

/**
 * Caches for tests: in memory, with a clock that stands still, and a {@link CacheTester} to look at them. They work as
 * those on Redis do, in two tiers, and can be made to fail and to hang.
 */
@Module({})
export class CacheTestingModule {
  /**
   * In place of `CacheModule.forRoot`, for a test of single providers.
   *
   * @example
   * const module = await Test.createTestingModule({
   *   imports: [CacheTestingModule.forRoot()],
   *   providers: [BotsService, { provide: BotsRepository, useValue: repository }],
   * }).compile();
   * await module.init();
   * const cache = module.get(CacheTester);
   */
  static forRoot(options: CacheTestingOptions = {}): DynamicModule {
    const module = CacheTestingModule.forApp(options);
    return { ...module, imports: [CacheModule.forRoot({ namespace: 'test' })] };
  }

  /**
   * Beside the modules of an application, for a test of the whole: takes Redis and the clock away from the
   * `CacheModule` that is among them. What it is configured with stays, unless the options here say otherwise.
   *
   * @example
   * Test.createTestingModule({ imports: [AppModule, CacheTestingModule.forApp()] })
   */
  static forApp(options: CacheTestingOptions = {}): DynamicModule {
    return {
      module: CacheTestingModule,
      global: true,
      providers: [
        { provide: CacheTester, useFactory: () => new CacheTester(options) },
        { provide: CACHE_TESTING, useExisting: CacheTester },
      ],
      exports: [CacheTester, CACHE_TESTING],
    };
  }
}
