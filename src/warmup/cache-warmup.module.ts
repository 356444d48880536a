import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { CacheRuntime } from '../cache.runtime.js';
import { misuse } from '../decorators/misuse.js';
import { CACHE_RUNTIME } from '../tokens.js';
import type { CacheWarmupModuleOptions } from './cache-warmup.options.js';
import { resolveWarmupModule, type ResolvedWarmupModule } from './cache-warmup.options.resolved.js';
import { realTiming, type Timing } from './timing.js';
import { WarmupExplorer } from './warmup.explorer.js';
import { WarmupOrchestrator } from './warmup.orchestrator.js';
import { WarmupRegistry } from './warmup.registry.js';
import { WarmupScheduler } from './warmup.scheduler.js';
import { WarmupService, type WarmupParts } from './warmup.service.js';
import { WARMUP_PARTS, WARMUP_TIMING } from './warmup.tokens.js';

interface Extras {
  /** Whether all modules can inject `WarmupService`. @default true */
  readonly isGlobal?: boolean;
  /** The `CacheModule`, where that is not global. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<CacheWarmupModuleOptions>({ moduleName: 'CacheWarmup' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createCacheWarmupOptions')
    .setExtras<Extras>({ isGlobal: true, imports: [] }, (definition, { isGlobal = true, imports = [] }) => ({
      ...definition,
      global: isGlobal,
      imports: [...(definition.imports ?? []), ...imports],
    }))
    .build();

/** What the explorer fills, and the orchestrator runs. */
interface AllParts extends WarmupParts {
  readonly module: ResolvedWarmupModule;
  scheduler: WarmupScheduler | undefined;
}

const partsProvider: Provider = {
  provide: WARMUP_PARTS,
  inject: [MODULE_OPTIONS_TOKEN, WARMUP_TIMING, { token: CACHE_RUNTIME, optional: true }],
  useFactory: (options: CacheWarmupModuleOptions, timing: Timing, runtime?: CacheRuntime): AllParts => {
    const module = resolveWarmupModule(options);
    const host = runtime ?? refuseWithoutCaches();
    const registry = new WarmupRegistry();
    const scheduler = () => parts.scheduler;
    const orchestrator = new WarmupOrchestrator({ host, module, registry, timing, scheduler });
    const parts: AllParts = { orchestrator, registry, module, events: host.events, scheduler: undefined };
    return parts;
  },
};

/**
 * Runs the methods that are marked with `@CacheWarmup`. Import it once, beside `CacheModule` and, where something runs
 * at a time, `ScheduleModule.forRoot()` of `@nestjs/schedule`.
 *
 * @throws CacheError `CACHE_INVALID_USE`, `CACHE_INVALID_OPTION` at start, for what can't work
 */
@Module({
  imports: [DiscoveryModule],
  providers: [{ provide: WARMUP_TIMING, useValue: realTiming }, partsProvider, WarmupService],
  exports: [WarmupService],
})
export class CacheWarmupModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy
{
  constructor(
    @Inject(WARMUP_PARTS) private readonly parts: AllParts,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {
    super();
  }

  onModuleInit(): void {
    const { registry, module, orchestrator } = this.parts;
    this.refuseSecondModule();
    new WarmupExplorer(this.discovery, this.scanner, registry, module.history).explore();
    if (module.enabled) this.parts.scheduler = this.schedulerFor(registry);
    orchestrator.follow();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.orchestrator.begin();
  }

  /** Before anything that items need is closed. */
  async onModuleDestroy(): Promise<void> {
    await this.parts.orchestrator.end();
  }

  private refuseSecondModule(): void {
    const count = this.discovery.getProviders().filter(({ token }) => token === WARMUP_PARTS).length;
    if (count < 2) return;
    throw misuse(
      `Expected one CacheWarmupModule in the application, got ${count}: each would run all warmups.`,
      'Call CacheWarmupModule.forRoot(…) once, in the root module.',
    );
  }

  private schedulerFor(registry: WarmupRegistry): WarmupScheduler | undefined {
    const scheduled = registry.all.find(({ options }) => options.schedule !== undefined);
    if (scheduled === undefined) return undefined;
    try {
      return new WarmupScheduler(this.modules.get(SchedulerRegistry, { strict: false }), () => Date.now());
    } catch {
      throw misuse(
        `Expected the application to have the ScheduleModule of @nestjs/schedule, for warmup \`${scheduled.options.name}\` ` +
          `(${scheduled.where}) runs at a time.`,
        'Add ScheduleModule.forRoot() to the imports of the root module.',
        'In a test, CacheWarmupModule.forRoot({ enabled: false }) needs none.',
      );
    }
  }
}

function refuseWithoutCaches(): never {
  throw misuse(
    'Expected CacheWarmupModule to find a CacheModule: it warms its caches.',
    "Add CacheModule.forRoot({ namespace: 'my-app', … }) to the imports of the root module.",
    'With `isGlobal: false`, pass what that returns on: CacheWarmupModule.forRoot({ imports: [cacheModule] }).',
  );
}
