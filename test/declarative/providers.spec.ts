import {
  Inject,
  Injectable,
  Module,
  Scope,
  forwardRef,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { jest } from '@jest/globals';
import { ContextIdFactory, LazyModuleLoader, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CacheEvict, CacheModule, Cacheable, defineCache, key } from 'nestjs-roost';
import { inMemoryAndOnRedis, useAppsIn } from './support/places.js';

const counters = defineCache<[id: string], number>({
  name: 'counters',
  key: (id) => key`counter:${id}`,
  ttl: '5m',
});

/** How often any method ran that counts. */
let loads = 0;

@Injectable()
class Counter {
  @Cacheable(counters)
  async count(_id: string): Promise<number> {
    loads += 1;
    return loads;
  }

  @CacheEvict({ cache: counters, all: true })
  async reset(): Promise<void> {}
}

beforeEach(() => {
  loads = 0;
});

inMemoryAndOnRedis((place) => {
  const start = useAppsIn(place);

  describe('a provider', () => {
    it('may be made for each request: what one request has loaded, the next one gets', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class PerRequest extends Counter {
        constructor(@Inject(REQUEST) readonly request: unknown) {
          super();
        }

        @Cacheable({ ttl: '1m' })
        async own(_id: string): Promise<unknown> {
          return this.request;
        }
      }
      const app = await start({ providers: [PerRequest] });

      const made: PerRequest[] = [];
      for (const request of ['first', 'second', 'third']) {
        const contextId = ContextIdFactory.create();
        app.module.registerRequestByContextId(request, contextId);
        made.push(await app.module.resolve(PerRequest, contextId));
      }

      expect(made.map(({ request }) => request)).toEqual(['first', 'second', 'third']);
      for (const instance of made) {
        expect(await instance.count('a')).toBe(1);
        expect(await instance.own('a')).toBe('first');
      }
    });

    it('may depend on one that is made for each request, and so be made for each, too', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Tenant {
        constructor(@Inject(REQUEST) readonly name: string) {}
      }
      @Injectable()
      class Reports {
        constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

        @Cacheable(counters, function (this: Reports, id: string) {
          return [`${this.tenant.name}/${id}`];
        })
        async report(_id: string): Promise<number> {
          loads += 1;
          return loads;
        }
      }
      const app = await start({ providers: [Tenant, Reports] });
      const reportTo = async (tenant: string) => {
        const contextId = ContextIdFactory.create();
        app.module.registerRequestByContextId(tenant, contextId);
        return (await app.module.resolve(Reports, contextId)).report('a');
      };

      expect([await reportTo('acme'), await reportTo('other'), await reportTo('acme')]).toEqual([1, 2, 1]);
    });

    it('may be transient: all its instances share the entries', async () => {
      @Injectable({ scope: Scope.TRANSIENT })
      class Transient extends Counter {}
      @Injectable()
      class One {
        constructor(@Inject(Transient) readonly counter: Transient) {}
      }
      @Injectable()
      class Two {
        @Inject(Transient) readonly counter!: Transient;
      }
      const app = await start({ providers: [Transient, One, Two] });
      const [one, two] = [app.get(One).counter, app.get(Two).counter];

      expect(one).not.toBe(two);
      expect([await one.count('a'), await two.count('a')]).toEqual([1, 1]);
      expect(await (await app.module.resolve(Transient)).count('a')).toBe(1);
    });

    it('may be made by ModuleRef.create, without standing in any module', async () => {
      const app = await start({});

      expect(await (await app.module.get(ModuleRef).create(Counter)).count('a')).toBe(1);
    });

    it('may come with a module that is loaded lazily', async () => {
      @Module({ providers: [Counter], exports: [Counter] })
      class Late {}
      const app = await start({});

      const late = await app.get(LazyModuleLoader).load(() => Late);

      expect([await late.get(Counter).count('a'), await late.get(Counter).count('a')]).toEqual([1, 1]);
    });

    it('may be made by a factory, given as a value, or have a second name', async () => {
      const given = new Counter();
      const app = await start({
        providers: [
          { provide: Counter, useFactory: () => new Counter() },
          { provide: 'given', useValue: given },
          { provide: 'async', useFactory: async () => new Counter() },
          { provide: 'alias', useExisting: Counter },
        ],
      });

      for (const token of [Counter, 'given', 'async', 'alias'])
        expect(await app.module.get<Counter>(token).count('a')).toBe(1);
    });

    it('may inject properties of its own, and so may those that inherit from it', async () => {
      @Injectable()
      class Properties {
        @Inject('value') readonly value!: string;

        @Cacheable({ ttl: '1m' })
        async both(): Promise<string> {
          loads += 1;
          return this.value;
        }
      }
      @Injectable()
      class Heir extends Properties {
        @Inject('other') readonly other!: string;
      }
      const app = await start({
        providers: [
          Properties,
          Heir,
          { provide: 'value', useValue: 'value' },
          { provide: 'other', useValue: 'other' },
        ],
      });

      for (const instance of [app.get(Properties), app.get(Heir)])
        expect([await instance.both(), await instance.both()]).toEqual(['value', 'value']);
      expect(app.get(Heir).other).toBe('other');
      expect(loads).toBe(2);
    });

    it('may depend on another one that depends on it', async () => {
      @Injectable()
      class Left {
        constructor(@Inject(forwardRef(() => Right)) readonly right: unknown) {}

        @Cacheable({ ttl: '1m' })
        async left(id: string): Promise<string> {
          loads += 1;
          return id === '' ? 'end' : `left ${await (this.right as Right).right(id.slice(1))}`;
        }
      }
      @Injectable()
      class Right {
        constructor(@Inject(forwardRef(() => Left)) readonly left: Left) {}

        @Cacheable({ ttl: '1m' })
        async right(id: string): Promise<string> {
          loads += 1;
          return id === '' ? 'end' : `right ${await this.left.left(id.slice(1))}`;
        }
      }
      const app = await start({ providers: [Left, Right] });

      expect(await app.get(Left).left('123')).toBe('left right left end');
      expect(await app.get(Right).right('23')).toBe('right left end');
      expect(loads).toBe(4);
    });

    it('may do so across modules that import each other', async () => {
      @Injectable()
      class Left extends Counter {
        constructor(@Inject(forwardRef(() => Right)) readonly right: unknown) {
          super();
        }
      }
      @Module({ imports: [forwardRef(() => RightModule)], providers: [Left], exports: [Left] })
      class LeftModule {}
      @Injectable()
      class Right extends Counter {
        constructor(@Inject(forwardRef(() => Left)) readonly left: Left) {
          super();
        }
      }
      @Module({ imports: [forwardRef(() => LeftModule)], providers: [Right], exports: [Right] })
      class RightModule {}
      const app = await start({ imports: [LeftModule, RightModule] });

      expect(await (app.get(Left).right as Right).count('a')).toBe(1);
      expect(await app.get(Right).left.count('a')).toBe(1);
    });

    it('needs no global CacheModule, where its module imports one', async () => {
      @Module({
        imports: [CacheModule.forRoot({ ...place.options(), isGlobal: false })],
        providers: [Counter],
        exports: [Counter],
      })
      class Feature {}
      const module = await Test.createTestingModule({ imports: [Feature] }).compile();

      expect(await module.get(Counter, { strict: false }).count('a')).toBe(1);
      await module.close();
    });
  });

  describe('a call', () => {
    it('of another method of the same instance goes through its cache, as one from outside does', async () => {
      @Injectable()
      class Sums extends Counter {
        @Cacheable({ ttl: '1m' })
        async sum(...ids: string[]): Promise<number> {
          const counts = await Promise.all(ids.map((id) => this.count(id)));
          return counts.reduce((sum, count) => sum + count, 0);
        }

        async resetAll(): Promise<void> {
          await this.reset();
        }
      }
      const sums = (await start({ providers: [Sums] })).get(Sums);

      expect(await sums.sum('a', 'b', 'a')).toBe(1 + 2 + 1);
      expect(await sums.sum('b', 'c')).toBe(2 + 3);
      expect(loads).toBe(3);
      await sums.resetAll();
      expect(await sums.count('a')).toBe(4);
    });

    it('of a method by itself makes an entry for each step', async () => {
      @Injectable()
      class Numbers {
        @Cacheable({ ttl: '1m' })
        async fibonacci(n: number): Promise<number> {
          loads += 1;
          return n < 2 ? n : (await this.fibonacci(n - 1)) + (await this.fibonacci(n - 2));
        }
      }
      const numbers = (await start({ providers: [Numbers] })).get(Numbers);

      expect(await numbers.fibonacci(12)).toBe(144);
      expect(loads).toBe(13);
    });

    it('finds its cache in onModuleInit and onApplicationBootstrap, its own or of one that uses it', async () => {
      const counts: number[] = [];
      @Injectable()
      class Eager extends Counter implements OnModuleInit {
        async onModuleInit(): Promise<void> {
          counts.push(await this.count('a'));
        }
      }
      @Injectable()
      class User implements OnModuleInit, OnApplicationBootstrap {
        constructor(@Inject(Eager) private readonly eager: Eager) {}

        async onModuleInit(): Promise<void> {
          counts.push(await this.eager.count('a'));
        }

        async onApplicationBootstrap(): Promise<void> {
          counts.push(await this.eager.count('a'));
        }
      }
      @Module({ providers: [Eager], exports: [Eager] })
      class Deep {}
      @Module({ imports: [Deep], providers: [User] })
      class Middle {}

      await start({ imports: [Middle] });

      expect(counts).toEqual([1, 1, 1]);
    });

    it('finds its cache in onModuleInit of an instance that a factory has made', async () => {
      const counts: number[] = [];
      class Made extends Counter implements OnModuleInit {
        async onModuleInit(): Promise<void> {
          counts.push(await this.count('a'));
        }
      }
      @Module({ providers: [{ provide: Made, useFactory: () => new Made() }] })
      class Deep {}
      @Module({ imports: [Deep], providers: [{ provide: 'made', useFactory: () => new Made() }] })
      class Middle {}

      await start({ imports: [Middle] });

      expect(counts).toEqual([1, 1]);
    });

    it('finds its cache in the factory of another provider', async () => {
      const app = await start({
        providers: [
          Counter,
          { provide: 'count', inject: [Counter], useFactory: (counter: Counter) => counter.count('a') },
        ],
      });

      expect(app.module.get('count')).toBe(1);
      expect(await app.get(Counter).count('a')).toBe(1);
    });

    it('finds its cache while the application shuts down', async () => {
      const counts: number[] = [];
      @Injectable()
      class Leaving extends Counter implements OnModuleDestroy, BeforeApplicationShutdown {
        async onModuleDestroy(): Promise<void> {
          counts.push(await this.count('a'));
          await this.reset();
        }

        async beforeApplicationShutdown(): Promise<void> {
          counts.push(await this.count('a'));
        }
      }
      const app = await start({ providers: [Leaving] });
      await app.get(Leaving).count('a');

      await app.close();

      expect(counts).toEqual([1, 2]);
    });
  });

  describe('two applications in one process', () => {
    it('share a class and no entries: each instance has the caches of its own application', async () => {
      const [first, second] = await Promise.all([
        start({ providers: [Counter] }),
        start({ providers: [Counter] }),
      ]);

      expect(await first.get(Counter).count('a')).toBe(1);
      expect(await second.get(Counter).count('a')).toBe(2);
      expect(await first.get(Counter).count('a')).toBe(1);
      await first.get(Counter).reset();
      expect(await second.get(Counter).count('a')).toBe(2);
      expect(await first.get(Counter).count('a')).toBe(3);
    });

    it('are closed one by one: what has been closed takes nothing from the other', async () => {
      const [first, second] = await Promise.all([
        start({ providers: [Counter] }),
        start({ providers: [Counter] }),
      ]);
      await second.get(Counter).count('a');

      await first.close();

      expect(await second.get(Counter).count('a')).toBe(1);
      expect(await second.get(Counter).count('b')).toBe(2);
    });
  });

  describe('in a test', () => {
    @Injectable()
    class Repository {
      async find(id: string): Promise<string> {
        return `row ${id}`;
      }
    }
    @Injectable()
    class Bots {
      constructor(@Inject(Repository) private readonly repository: Repository) {}

      @Cacheable({ ttl: '1m' })
      async find(id: string): Promise<string> {
        return this.repository.find(id);
      }
    }
    const testing = () =>
      Test.createTestingModule({
        imports: [CacheModule.forRoot(place.options())],
        providers: [Bots, Repository],
      });

    it('overrideProvider replaces what a decorated method uses', async () => {
      const asked: string[] = [];
      const repository = { find: async (id: string) => `${asked.push(id)} fake` };
      const module = await testing().overrideProvider(Repository).useValue(repository).compile();

      const bots = module.get(Bots);
      expect([await bots.find('1'), await bots.find('1')]).toEqual(['1 fake', '1 fake']);
      expect(asked).toEqual(['1']);
      await module.close();
    });

    it('overrideProvider replaces a decorated class by a plain object, which no cache gets between', async () => {
      let calls = 0;
      const module = await testing()
        .overrideProvider(Bots)
        .useValue({ find: async () => (calls += 1) })
        .compile();
      await module.init();

      const bots = module.get<{ find(id: string): Promise<number> }>(Bots);
      expect([await bots.find('1'), await bots.find('1')]).toEqual([1, 2]);
      await module.close();
    });

    it('overrideProvider replaces a decorated class by another one, whose own decorators hold', async () => {
      @Injectable()
      class FakeBots extends Counter {
        @Cacheable({ ttl: '1m' })
        async find(id: string): Promise<string> {
          loads += 1;
          return `fake ${id}`;
        }
      }
      for (const override of [
        testing().overrideProvider(Bots).useClass(FakeBots),
        testing()
          .overrideProvider(Bots)
          .useFactory({ factory: () => new FakeBots() }),
        testing().overrideProvider(Bots).useValue(new FakeBots()),
      ]) {
        loads = 0;
        const module = await override.compile();
        await module.init();

        const bots = module.get<FakeBots>(Bots);
        expect([await bots.find('1'), await bots.find('1')]).toEqual(['fake 1', 'fake 1']);
        expect(loads).toBe(1);
        await module.close();
      }
    });

    it('a decorated method can be spied on: the spy sees every call, and the cache stays where it was', async () => {
      const module = await testing().compile();
      const find = jest.spyOn(module.get(Bots), 'find');
      const load = jest.spyOn(module.get(Repository), 'find');

      await module.get(Bots).find('1');
      await module.get(Bots).find('1');

      expect(find).toHaveBeenCalledTimes(2);
      expect(load).toHaveBeenCalledTimes(1);
      await module.close();
    });

    it('a decorated method can be mocked in its class', async () => {
      const find = jest.spyOn(Bots.prototype, 'find').mockResolvedValue('mock');
      const module = await testing().compile();

      expect(await module.get(Bots).find('1')).toBe('mock');
      find.mockRestore();
      expect(await module.get(Bots).find('1')).toBe('row 1');
      await module.close();
    });
  });
});
