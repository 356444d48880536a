import type { ModuleMetadata, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule, CacheService, type CacheModuleOptions } from 'nestjs-roost';

/** A Nest application around decorated classes, without HTTP. */
export class TestingApp {
  private constructor(readonly module: TestingModule) {}

  static async start(
    metadata: ModuleMetadata,
    options: Partial<CacheModuleOptions> = {},
  ): Promise<TestingApp> {
    const { imports = [], ...rest } = metadata;
    const cache = CacheModule.forRoot({ namespace: 'test', ...options });
    const module = await Test.createTestingModule({ ...rest, imports: [cache, ...imports] }).compile();
    module.useLogger(false);
    await module.init();
    return new TestingApp(module);
  }

  get<T>(type: Type<T>): T {
    return this.module.get(type, { strict: false });
  }

  get service(): CacheService {
    return this.get(CacheService);
  }

  close(): Promise<void> {
    return this.module.close();
  }
}

/** Starts applications, and closes them when the test is over. */
export function useApps(): typeof TestingApp.start {
  const apps: TestingApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  return async (metadata, options) => {
    const app = await TestingApp.start(metadata, options);
    apps.push(app);
    return app;
  };
}

/** Starts an application with one class as its provider, and gives that provider's instance. */
export function useProvider(): <T>(type: Type<T>, options?: Partial<CacheModuleOptions>) => Promise<T> {
  const start = useApps();
  return async (type, options) => (await start({ providers: [type] }, options)).get(type);
}
