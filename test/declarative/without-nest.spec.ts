import { Controller, Get, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheError, CacheEvict, CacheModule, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { inMemoryAndOnRedis, useAppsIn } from './support/places.js';

const counters = defineCache<[id: string], number>({
  name: 'counters',
  key: (id) => key`counter:${id}`,
  ttl: '5m',
});

let calls = 0;

@Injectable()
class Counter {
  @Cacheable(counters)
  async count(_id: string): Promise<number> {
    calls += 1;
    return calls;
  }

  @CachePut({ cache: counters, select: (_count: number, id: string) => [id] })
  async put(_id: string): Promise<number> {
    calls += 1;
    return calls;
  }

  @CacheEvict({ cache: counters, all: true })
  async reset(): Promise<void> {
    calls += 1;
  }
}

@Controller('counters')
class CountersController {
  @Get(':id')
  @Cacheable(counters)
  async count(_id: string): Promise<number> {
    return 1;
  }
}

beforeEach(() => {
  calls = 0;
});

async function refusalOf(call: Promise<unknown>): Promise<CacheError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CacheError) return error;
  throw new Error('Expected the call to be refused.', { cause: error });
}

describe('an instance that was made with `new`', () => {
  it('has its calls rejected, and does not run the method', async () => {
    const counter = new Counter();

    for (const call of [counter.count('a'), counter.put('a'), counter.reset()])
      expect((await refusalOf(call)).code).toBe('CACHE_INVALID_USE');
    expect(calls).toBe(0);
  });

  it('is told class and method, and every way out', async () => {
    const { message } = await refusalOf(new Counter().count('a'));

    expect(message.split('\n')).toEqual([
      'Expected Counter.count to be called on an instance that Nest made in an application with CacheModule, ' +
        'got one without a cache service.',
      '',
      'Potential solutions:',
      '- Made with `new`, or by a factory that is no singleton? List the class itself in `providers`.',
      '- Called in a constructor? Nest injects right after it: move the call to `onModuleInit`.',
      '- Called without its instance, as in `const { find } = service`? Call `service.find(…)`.',
      "- In a unit test: Test.createTestingModule({ imports: [CacheModule.forRoot({ namespace: 'test' })], providers: [ … ] }).",
    ]);
  });
});

inMemoryAndOnRedis((place) => {
  const start = useAppsIn(place);

  describe('an instance that Nest has made', () => {
    it('is told in its constructor that it is too early', async () => {
      const early: Promise<unknown>[] = [];
      @Injectable()
      class Hasty extends Counter {
        constructor() {
          super();
          early.push(refusalOf(this.count('a')));
        }
      }
      const app = await start({ providers: [Hasty] });

      await expect(early[0]).resolves.toMatchObject({
        message: expect.stringContaining('move the call to `onModuleInit`'),
      });
      expect(await app.get(Hasty).count('a')).toBe(1);
    });

    it('gives methods that work where they are called with it, and say so where they are not', async () => {
      const app = await start({ providers: [Counter] });
      const counter = app.get(Counter);
      const bare: (id: string) => Promise<number> = Reflect.get(counter, 'count');

      expect((await refusalOf(bare('a'))).message).toContain('Called without its instance');
      expect(await bare.call(counter, 'a')).toBe(1);
      expect(await bare.bind(counter)('a')).toBe(1);
    });
  });

  describe('an instance that a factory makes for each request', () => {
    it('is told to be listed by its class, for Nest injects nothing into it', async () => {
      const app = await start({
        providers: [{ provide: 'made', scope: Scope.REQUEST, useFactory: () => new Counter() }],
      });
      const made = await app.module.resolve<Counter>('made');

      expect((await refusalOf(made.count('a'))).message).toContain(
        'by a factory that is no singleton? List the class itself in `providers`.',
      );
    });
  });
});

const MISSING = '"Symbol(CacheService of nestjs-roost: does the root module import CacheModule.forRoot(…)?)"';

describe('an application in which a class does not see CacheModule', () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest extends Counter {}
  @Injectable({ scope: Scope.TRANSIENT })
  class Transient extends Counter {}
  @Injectable()
  class Heir extends Counter {}

  it.each<[string, Type, object]>([
    ['a provider', Counter, { providers: [Counter] }],
    ['a provider that inherits the method', Heir, { providers: [Heir] }],
    ['a request-scoped provider', PerRequest, { providers: [PerRequest] }],
    ['a transient provider', Transient, { providers: [Transient] }],
    ['a controller', CountersController, { controllers: [CountersController] }],
  ])(
    'does not start with %s, and the message names the class and what is missing',
    async (_what, type, metadata) => {
      const start = Test.createTestingModule(metadata).compile();

      await expect(start).rejects.toThrow(`dependencies of the ${type.name}`);
      await expect(start).rejects.toThrow(MISSING);
    },
  );

  it('does not start when its CacheModule is not global, and the class’s module does not import it', async () => {
    @Module({ providers: [Counter] })
    class Feature {}
    const cache = CacheModule.forRoot({ namespace: 'test', isGlobal: false });

    await expect(Test.createTestingModule({ imports: [cache, Feature] }).compile()).rejects.toThrow(MISSING);
  });
});
