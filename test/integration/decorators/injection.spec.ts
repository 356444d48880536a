import { inspect, isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CacheEvict, CacheModule, CacheService, Cacheable, defineCache, key } from 'nestjs-roost';
import { useApps } from './support/testing-app.js';

const counters = defineCache({ name: 'counters', key: (id: string) => key`counter:${id}`, ttl: '5m' });

let loads = 0;

@Injectable()
class Counter {
  readonly name = 'counter';

  @Cacheable(counters)
  async count(_id: string): Promise<number> {
    loads += 1;
    return loads;
  }

  @CacheEvict({ cache: counters, all: true })
  async reset(): Promise<void> {}
}

const start = useApps();

beforeEach(() => {
  loads = 0;
});

describe('the service of a decorated instance', () => {
  it('is the one of its application: two in one process share nothing', async () => {
    const [first, second] = await Promise.all([
      start({ providers: [Counter] }, { namespace: 'first' }),
      start({ providers: [Counter] }, { namespace: 'second' }),
    ]);

    expect(await first.get(Counter).count('a')).toBe(1);
    expect(await second.get(Counter).count('a')).toBe(2);
    expect(await first.get(Counter).count('a')).toBe(1);
    await first.get(Counter).reset();
    expect(await second.get(Counter).count('a')).toBe(2);
    expect(await first.get(Counter).count('a')).toBe(3);
  });

  it('does not show: not in JSON, not in comparisons, not in the console, not in a copy', async () => {
    const app = await start({ providers: [Counter] });
    const counter = app.get(Counter);
    const plain = new Counter();

    expect(JSON.stringify(counter)).toBe('{"name":"counter"}');
    expect(counter).toEqual(plain);
    expect(counter).toStrictEqual(plain);
    expect(isDeepStrictEqual(counter, plain)).toBe(true);
    expect(inspect(counter)).toBe("Counter { name: 'counter' }");
    expect(Reflect.ownKeys(Object.assign({}, counter))).toEqual(['name']);
  });

  it('is there in request-scoped providers', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Counter {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        super();
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
    for (const instance of made) expect(await instance.count('a')).toBe(1);
  });

  it('is there in transient providers, in each of their instances', async () => {
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

  it('is there in instances that ModuleRef.create makes', async () => {
    const app = await start({});

    expect(await (await app.module.get(ModuleRef).create(Counter)).count('a')).toBe(1);
  });

  it('is there in classes that inject properties of their own, and in those that inherit from them', async () => {
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

    for (const instance of [app.get(Properties), app.get(Heir)]) {
      expect([await instance.both(), await instance.both()]).toEqual(['value', 'value']);
    }
    expect(app.get(Heir).other).toBe('other');
    expect(loads).toBe(2);
  });

  it('is there in providers that depend on each other', async () => {
    @Injectable()
    class Left {
      constructor(@Inject('right') readonly right: Counter) {}

      @Cacheable({ ttl: '1m' })
      async ask(id: string): Promise<number> {
        return this.right.count(id);
      }
    }
    const app = await start({
      providers: [Left, Counter, { provide: 'right', useExisting: Counter }],
    });

    expect([await app.get(Left).ask('a'), await app.get(Counter).count('a')]).toEqual([1, 1]);
  });

  it('is there in providers made by a factory or given as a value', async () => {
    const given = new Counter();
    const app = await start({
      providers: [
        { provide: Counter, useFactory: () => new Counter() },
        { provide: 'given', useValue: given },
      ],
    });

    expect(await app.get(Counter).count('a')).toBe(1);
    expect(await given.count('a')).toBe(1);
  });

  it('of a value that one application after another uses is the one of the last', async () => {
    const given = new Counter();
    const provider = { provide: 'given', useValue: given };
    await start({ providers: [provider] }, { namespace: 'first' });
    expect(await given.count('a')).toBe(1);
    await start({ providers: [provider] }, { namespace: 'second' });

    expect(await given.count('a')).toBe(2);
  });

  it('of a provider stays, when another application uses the instance as a value', async () => {
    const home = await start({ providers: [Counter] }, { namespace: 'home' });
    const counter = home.get(Counter);
    await counter.count('a');
    await start({ providers: [{ provide: 'guest', useValue: counter }] }, { namespace: 'abroad' });

    expect(await counter.count('a')).toBe(1);
  });

  it('is there in an instance that its own class has frozen', async () => {
    @Injectable()
    class Frozen extends Counter {
      constructor() {
        super();
        Object.freeze(this);
      }
    }
    const app = await start({ providers: [Frozen] });

    expect([await app.get(Frozen).count('a'), await app.get(Frozen).count('a')]).toEqual([1, 1]);
  });

  it('is there behind a proxy that binds methods to what is inside', async () => {
    const instrument = {
      instanceDecorator: (instance: unknown) => {
        if (!(instance instanceof Counter)) return instance;
        return new Proxy(instance, {
          get: (target, property) => {
            const value: unknown = Reflect.get(target, property, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    };
    const module = await Test.createTestingModule(
      { imports: [CacheModule.forRoot({ namespace: 'test' })], providers: [Counter] },
      { instrument } as Parameters<typeof Test.createTestingModule>[1],
    ).compile();

    const counter = module.get(Counter);
    expect([await counter.count('a'), await counter.count('a')]).toEqual([1, 1]);
    await module.close();
  });

  it('is found though the module is not global, where the module of the provider imports it', async () => {
    @Module({
      imports: [CacheModule.forRoot({ namespace: 'test', isGlobal: false })],
      providers: [Counter],
      exports: [Counter],
    })
    class Feature {}
    const module = await Test.createTestingModule({ imports: [Feature] }).compile();

    expect(await module.get(Counter, { strict: false }).count('a')).toBe(1);
    await module.close();
  });
});

describe('without a service', () => {
  it('a call of an instance made with `new` rejects, naming class, method and ways out', async () => {
    const error: unknown = await new Counter().count('a').catch((reason: unknown) => reason);

    expect(error).toMatchObject({ name: 'CacheError', code: 'CACHE_INVALID_USE' });
    expect((error as Error).message).toMatch(
      /^Expected Counter\.count to be called on an instance that Nest made .*\n\nPotential solutions:\n- Made with `new`/,
    );
    expect(loads).toBe(0);
  });

  it('a call in the constructor says that it is too early', async () => {
    const failures: Promise<unknown>[] = [];
    @Injectable()
    class Hasty extends Counter {
      constructor() {
        super();
        failures.push(this.count('a').catch((error: unknown) => error));
      }
    }
    await start({ providers: [Hasty] });

    await expect(failures[0]).resolves.toMatchObject({
      message: expect.stringContaining('move the call to `onModuleInit`'),
    });
  });

  it('an application without CacheModule does not start, and the message says what is missing', async () => {
    const compile = Test.createTestingModule({ providers: [Counter] }).compile();

    await expect(compile).rejects.toThrow(
      'Please make sure that the "Symbol(CacheService of nestjs-roost: does the root module import CacheModule.forRoot(…)?)" property is available',
    );
  });

  it('a subclass that nothing decorates again needs none of its own', async () => {
    class Heir extends Counter {}
    const app = await start({ providers: [Heir as Type<Counter>] });

    expect(await app.get<Counter>(Heir).count('a')).toBe(1);
    expect(app.get(CacheService).stats().caches['counters']).toMatchObject({ misses: 1 });
  });
});
