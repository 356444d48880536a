import type { LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule, CacheService, type CacheModuleOptions } from 'nestjs-roost';
import {
  CacheWarmupModule,
  WarmupService,
  type CacheWarmupEvent,
  type CacheWarmupModuleOptions,
} from 'nestjs-roost/warmup';

interface Options {
  readonly cache?: Partial<CacheModuleOptions>;
  readonly warmup?: CacheWarmupModuleOptions;
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

/** A Nest application with warmups, without HTTP, and what it logs and tells. */
export class WarmupApp {
  readonly events: CacheWarmupEvent[] = [];
  readonly stop: () => void;
  /** When each warmup was due last, as far as the test says so. */
  private readonly ticked = new Map<string, number>();

  private constructor(
    readonly module: TestingModule,
    readonly lines: readonly string[],
  ) {
    this.stop = this.get(WarmupService).subscribe((event) => this.events.push(event));
  }

  /** Made, and not started: see {@link start}. */
  static async make(
    providers: NonNullable<ModuleMetadata['providers']>,
    { cache, warmup, imports = [ScheduleModule.forRoot()] }: Options = {},
  ): Promise<WarmupApp> {
    const lines: string[] = [];
    const note = (level: string) => (message: unknown) => void lines.push(`${level} ${String(message)}`);
    const logger: LoggerService = {
      log: note('log'),
      warn: note('warn'),
      error: note('error'),
      debug: note('debug'),
    };
    const module = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot({ namespace: 'test', defaults: { jitter: 0 }, ...cache }),
        CacheWarmupModule.forRoot({ ...warmup }),
        ...imports,
      ],
      providers,
    })
      .setLogger(logger)
      .compile();
    module.useLogger(logger);
    return new WarmupApp(module, lines);
  }

  get<T>(type: Type<T>): T {
    return this.module.get(type, { strict: false });
  }

  get caches(): CacheService {
    return this.get(CacheService);
  }

  get warmups(): WarmupService {
    return this.get(WarmupService);
  }

  get registry(): SchedulerRegistry {
    return this.get(SchedulerRegistry);
  }

  /** Lines of the log about warmups. */
  get told(): string[] {
    return this.lines.filter((line) => line.includes('Warmup '));
  }

  /** Resolves when so many lines of the log have that text. */
  async hasSaid(text: string, times = 1): Promise<void> {
    while (this.lines.filter((line) => line.includes(text)).length < times)
      await new Promise((go) => setImmediate(go));
  }

  /** Resolves with the next event of that kind; or with the last one, if there was one. */
  when(kind: CacheWarmupEvent['kind'], warmup?: string): Promise<CacheWarmupEvent> {
    const fits = (event: CacheWarmupEvent) =>
      event.kind === kind && (warmup === undefined || event.warmup === warmup);
    const last = this.events.findLast(fits);
    if (last !== undefined) return Promise.resolve(last);
    return new Promise((resolve) => {
      const stop = this.warmups.subscribe((event) => {
        if (!fits(event)) return;
        stop();
        resolve(event);
      });
    });
  }

  /** As when its time has come. */
  tick(name: string): void {
    const job = this.registry.getCronJob(`cache-warmup:${name}`);
    const { now } = Date;
    const at = job.cronTime.getNextDateFrom(new Date(this.ticked.get(name) ?? now())).toMillis();
    this.ticked.set(name, at);
    Date.now = () => at;
    try {
      void job.fireOnTick();
    } finally {
      Date.now = now;
    }
  }
}

/** Starts applications, and closes them when the test is over. */
export function useWarmupApps(): {
  readonly make: typeof WarmupApp.make;
  readonly start: typeof WarmupApp.make;
} {
  const apps: WarmupApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map(({ module }) => module.close()));
  });
  const make: typeof WarmupApp.make = async (...args) => {
    const app = await WarmupApp.make(...args);
    apps.push(app);
    return app;
  };
  return {
    make,
    start: async (...args) => {
      const app = await make(...args);
      await app.module.init();
      return app;
    },
  };
}
