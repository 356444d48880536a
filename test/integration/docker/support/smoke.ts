import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TerminusModule } from '@nestjs/terminus';
import {
  CacheModule,
  cacheOptionsFromEnv,
  CacheService,
  defineCache,
  key,
  pattern,
  tag,
  type Cache,
  type CacheModuleOptions,
} from 'nestjs-roost';
import { CacheHealthIndicator } from 'nestjs-roost/health';
import { until } from '../../../support/redis-cluster.js';

// What goes wrong shows in what the calls come to.
Logger.overrideLogger(false);

const items = defineCache({
  name: 'items',
  key: (id: string) => key`item:${id}`,
  ttl: '1m',
  tags: (id) => [tag`item:${id}`],
});

/** An application whose module is made of the environment that the compose file gives to the sample. */
export class SmokeApp {
  private constructor(
    private readonly module: TestingModule,
    readonly service: CacheService,
    readonly cache: Cache<[id: string]>,
  ) {}

  static async start(
    env: Readonly<Record<string, string>>,
    tls?: { readonly ca: string },
  ): Promise<SmokeApp> {
    const options = cacheOptionsFromEnv(env);
    // More patience than an application has, for a machine with other work to do.
    const redis = { ...(options.redis as object), deadline: 5000, ...(tls && { tls }) };
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ ...options, redis } as CacheModuleOptions), TerminusModule],
      providers: [CacheHealthIndicator],
    }).compile();
    await module.init();
    const service = module.get(CacheService);
    return new SmokeApp(module, service, service.cache(items));
  }

  /** What the health check says. */
  health() {
    return this.module.get(CacheHealthIndicator).redis('redis', { timeout: 5000 });
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

/** The ways to evict that find their entry by different commands. */
const EVICTIONS: Readonly<Record<string, (app: SmokeApp, id: string) => Promise<unknown>>> = {
  key: (app, id) => app.cache.evict(id),
  tag: (app, id) => app.service.evictTags(tag`item:${id}`),
  pattern: (app, id) => app.service.evictPattern(pattern`item:${id}*`),
};

/** Two instances do what instances do with each other. What it expects, it expects of all configurations. */
export async function expectToWork(one: SmokeApp, other: SmokeApp): Promise<void> {
  for (const app of [one, other]) {
    expect(app.service.status()).toMatchObject({
      connection: { state: 'ready' },
      breaker: { state: 'closed' },
      bus: { state: 'armed' },
      queuedEvictions: 0,
    });
    expect(await app.health()).toMatchObject({ redis: { status: 'up', mode: 'redis' } });
  }
  for (const [way, evict] of Object.entries(EVICTIONS)) {
    const id = `by-${way}`;
    expect(await one.cache.getOrLoad([id], () => `loaded for ${way}`)).toBe(`loaded for ${way}`);
    expect(await other.cache.lookup(id)).toMatchObject({ hit: true, tier: 'l2', value: `loaded for ${way}` });
    expect(await other.cache.lookup(id)).toMatchObject({ hit: true, tier: 'l1' });
    const evicted = await evict(one, id);
    if (way === 'pattern') expect(evicted).toBe(1);
    expect(await one.cache.has(id)).toBe(false);
    // From its memory, the other one drops it when the bus has told it.
    await until(async () => !(await other.cache.has(id)));
    expect(other.service.status()?.bus.state).toBe('armed');
  }
  await one.cache.set(['left'], 'over');
  await one.service.clear();
  expect(await one.cache.has('left')).toBe(false);
}
