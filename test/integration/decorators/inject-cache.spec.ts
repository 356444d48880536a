import { Injectable, Module, Scope, type DynamicModule } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cache,
  CacheModule,
  CacheService,
  Cacheable,
  InjectCache,
  defineCache,
  getCacheToken,
  key,
} from 'nestjs-roost';
import { useApps } from './support/testing-app.js';

const bots = defineCache<[id: string], string>({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '5m' });
const details = defineCache({ name: 'details', key: (id: string) => key`bot:${id}:details`, ttl: '5m' });
const namesake = defineCache({ name: 'bots', key: (id: string) => key`other:${id}`, ttl: '5m' });

@Injectable()
class Reader {
  @InjectCache(details) readonly details!: Cache<[id: string]>;

  constructor(@InjectCache(bots) readonly names: Cache<[id: string], string>) {}

  @Cacheable(bots)
  async find(id: string): Promise<string> {
    return `found ${id}`;
  }
}

describe('@InjectCache', () => {
  const start = useApps();

  it('injects the handle into constructor and property: the very cache that the decorators use', async () => {
    const app = await start({ providers: [Reader] });
    const reader = app.get(Reader);

    await reader.find('1');

    expect(await reader.names.get('1')).toBe('found 1');
    expect(reader.details.name).toBe('details');
    expect(reader.names).toBe(app.get(CacheService).cache(bots));
  });

  it('injects the handle of the own application', async () => {
    const [first, second] = await Promise.all([
      start({ providers: [Reader] }),
      start({ providers: [Reader] }),
    ]);

    await first.get(Reader).names.set(['1'], 'first');

    expect(await second.get(Reader).names.get('1')).toBeUndefined();
  });

  it('does not mind another application that has a cache of the same name', async () => {
    @Injectable()
    class Other {
      constructor(@InjectCache(namesake) readonly cache: Cache<[id: string]>) {}
    }

    const app = await start({ providers: [Reader] });
    const other = await start({ providers: [Other] });

    expect(other.get(Other).cache.name).toBe('bots');
    expect(getCacheToken(namesake)).not.toBe(getCacheToken(bots));
    expect(app.get(Reader).names).not.toBe(other.get(Other).cache);
  });

  it('works in request-scoped and transient providers', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Reader {}
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Reader {}
    const app = await start({ providers: [Transient, PerRequest] });

    for (const type of [Transient, PerRequest]) {
      const instance = await app.module.resolve(type);
      expect(instance.names).toBe(app.get(CacheService).cache(bots));
      expect(instance.details.name).toBe('details');
    }
  });

  it('works in modules that import nothing, and where the cache module is not global', async () => {
    @Module({ providers: [Reader], exports: [Reader] })
    class Feature {}
    const app = await start({ imports: [Feature] });
    expect(app.get(Reader).names.name).toBe('bots');

    @Module({
      imports: [CacheModule.forRoot({ namespace: 'test', isGlobal: false })],
      providers: [Reader],
    })
    class Closed {}
    const module = await Test.createTestingModule({ imports: [Closed] }).compile();
    expect(module.get(Reader, { strict: false }).names.name).toBe('bots');
    await module.close();
  });

  it('in a file that is imported lazily stops the start, and the message says why and what to do', async () => {
    // As a file does whose `import()` is over when Nest has inserted CacheModule already.
    const load = async (): Promise<DynamicModule> => {
      const late = defineCache({ name: 'late', key: (id: string) => key`late:${id}`, ttl: '5m' });
      @Injectable()
      class Late {
        constructor(@InjectCache(late) readonly cache: Cache<[id: string]>) {}
      }
      @Module({ providers: [Late] })
      class LateModule {}
      return { module: LateModule };
    };
    let go = () => {};
    const inserted = new Promise<void>((resolve) => (go = resolve));
    @Module({})
    class Inserted {}
    const afterCacheModule = {
      get module() {
        go();
        return Inserted;
      },
    };
    const explanation =
      'Symbol(Cache late of nestjs-roost: does the root module import CacheModule.forRoot(…)? Is this file ' +
      'imported lazily? Then import it at the start, or use cacheService.cache(definition))';

    await expect(start({ imports: [afterCacheModule, inserted.then(load)] })).rejects.toThrow(explanation);

    const app = await start({});
    await expect(app.get(LazyModuleLoader).load(load)).rejects.toThrow(explanation);
  });

  it('in an application without CacheModule stops the start with the same message', async () => {
    await expect(Test.createTestingModule({ providers: [Reader] }).compile()).rejects.toThrow(
      'Symbol(Cache bots of nestjs-roost: does the root module import CacheModule.forRoot(…)?',
    );
  });

  it('has a token by which a test can replace the handle, and a factory can have it', async () => {
    const fake = { get: async () => 'fake' };
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'test' })],
      providers: [
        Reader,
        {
          provide: 'made',
          inject: [getCacheToken(details)],
          useFactory: (cache: Cache<[string]>) => cache.name,
        },
      ],
    })
      .overrideProvider(getCacheToken(bots))
      .useValue(fake)
      .compile();

    expect(module.get(Reader).names).toBe(fake);
    expect(module.get('made')).toBe('details');
    await module.close();
  });
});
