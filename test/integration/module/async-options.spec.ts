import { CACHE_MANAGER, type Cache as CacheManager } from '@nestjs/cache-manager';
import { Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CacheModule,
  CacheService,
  Cacheable,
  InjectCache,
  defineCache,
  key,
  type Cache,
  type CacheModuleOptions,
  type CacheOptionsFactory,
} from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m', jitter: 0 });

/** As applications have it: a provider that does more than making the options. */
@Injectable()
class Settings implements CacheOptionsFactory {
  readonly clock = new FakeClock();
  asked = 0;

  async createCacheOptions(): Promise<CacheModuleOptions> {
    this.asked += 1;
    return { namespace: 'test', clock: this.clock, ttlOverrides: { bots: '1m' } };
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class Bots {
  loads = 0;

  constructor(
    @Inject(CacheService) readonly caches: CacheService,
    @InjectCache(bots) readonly handle: Cache<[id: string]>,
    @Inject(CACHE_MANAGER) readonly manager: CacheManager,
  ) {}

  @Cacheable(bots)
  async find(_id: string): Promise<number> {
    this.loads += 1;
    return this.loads;
  }
}

describe('CacheModule.forRootAsync', () => {
  const modules: TestingModule[] = [];

  async function start(metadata: ModuleMetadata): Promise<TestingModule> {
    const module = await Test.createTestingModule(metadata).compile();
    modules.push(module);
    return module.init();
  }

  afterEach(async () => {
    await Promise.all(modules.splice(0).map((module) => module.close()));
  });

  async function expectWorking(service: Bots): Promise<void> {
    const { caches, handle, manager } = service;
    expect([await service.find('1'), await service.find('1')]).toEqual([1, 1]);
    expect(await handle.get('1')).toBe(1);
    expect(caches.cache(bots)).toBe(handle);
    await manager.set('key', 'value');
    expect(await manager.get('key')).toBe('value');
  }

  it('with `useExisting` asks the provider that is there already, once, and waits for it', async () => {
    const module = await start({
      imports: [
        CacheModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
        SettingsModule,
      ],
      providers: [Bots],
    });
    const settings = module.get(Settings, { strict: false });
    const service = module.get(Bots);

    await expectWorking(service);
    expect(settings.asked).toBe(1);
    settings.clock.advance('1m');
    expect(await service.find('1')).toBe(2);
  });

  it('with `useClass` makes a provider of its own', async () => {
    const module = await start({
      imports: [CacheModule.forRootAsync({ useClass: Settings }), SettingsModule],
      providers: [Bots],
    });
    const service = module.get(Bots);

    await expectWorking(service);
    expect(module.get(Settings, { strict: false })).toBeDefined();
    expect(module.select(SettingsModule).get(Settings).asked).toBe(0);
  });

  const settingsByFactory = {
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: (settings: Settings) => settings.createCacheOptions(),
  };
  const ways = [
    ['useFactory', settingsByFactory],
    ['useClass', { useClass: Settings }],
    ['useExisting', { imports: [SettingsModule], useExisting: Settings }],
  ] as const;

  it.each(ways)(
    'with `isGlobal: false` and `%s` serves the module that imports it, and no other',
    async (_way, options) => {
      @Module({
        imports: [
          CacheModule.forRootAsync({
            ...options,
            imports: [...('imports' in options ? options.imports : [])],
            isGlobal: false,
          }),
        ],
        providers: [Bots],
        exports: [Bots],
      })
      class Feature {}
      const module = await start({ imports: [Feature] });
      const service = module.get(Bots, { strict: false });
      await expectWorking(service);

      for (const token of [CacheService, CACHE_MANAGER]) {
        @Injectable()
        class Outsider {
          constructor(@Inject(token) readonly it: unknown) {}
        }
        const outside = Test.createTestingModule({ imports: [Feature], providers: [Outsider] }).compile();
        await expect(outside).rejects.toThrow("Nest can't resolve dependencies of the Outsider (?)");
      }
    },
  );

  it('stops the start with what is wrong with the options', async () => {
    const imports = [CacheModule.forRootAsync({ useFactory: () => ({ namespace: 'a b' }) })];

    await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
      code: 'CACHE_INVALID_OPTION',
      message: expect.stringContaining('`namespace`'),
    });
  });
});
