import { Controller, Get, Injectable, Module, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheEvict, CacheModule, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { useApps } from './support/testing-app.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });
const details = defineCache({ name: 'details', key: (id: string) => key`bot:${id}:details`, ttl: '5m' });
const namesake = defineCache({ name: 'bots', key: (id: string) => key`other:${id}`, ttl: '5m' });

describe('the start of an application', () => {
  const start = useApps();

  it('puts all caches to use that its providers and controllers name', async () => {
    @Injectable()
    class Service {
      @Cacheable({ ttl: '1m' })
      @CachePut({ cache: bots, select: (id: string) => [id] })
      @CacheEvict({ cache: details, all: true })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @Cacheable({ ttl: '1m' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    @Controller('things')
    class Things {
      @Get()
      @Cacheable({ ttl: '1m' })
      async list(): Promise<string> {
        return '';
      }
    }
    class Made extends Service {}

    const app = await start({
      providers: [Service, PerRequest, { provide: Made, useFactory: () => new Made() }],
      controllers: [Things],
    });

    expect(Object.keys(app.service.stats().caches).toSorted()).toEqual([
      'Made.find',
      'PerRequest.find',
      'Service.find',
      'Things.list',
      'bots',
      'details',
    ]);
  });

  it('fails when two definitions have one name, and says where both are used', async () => {
    @Injectable()
    class First {
      @Cacheable(bots)
      async find(id: string): Promise<string> {
        return id;
      }
    }
    @Injectable()
    class Second {
      @CacheEvict({ cache: namesake, all: true })
      async clear(): Promise<void> {}
    }

    await expect(start({ providers: [First, Second] })).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringMatching(
        /a second definition named `bots`\..* It is used by Second\.clear, the first one by First\.find\.$/,
      ),
    });
  });

  it('fails when two classes of one name have caches without definitions', async () => {
    const make = () => {
      @Injectable()
      class Repository {
        @Cacheable({ ttl: '1m' })
        async find(id: string): Promise<string> {
          return id;
        }
      }
      return Repository;
    };

    await expect(start({ providers: [make(), make()] })).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message:
        'Expected each cache to have a name of its own, got a second definition named `Repository.find`. ' +
        'Give one of them another name: `name` of defineCache or of @Cacheable, `prefix` of @CacheDefaults. ' +
        'Or use one constant in both places. Both are used by Repository.find, of one class or of two that have one name.',
    });
  });

  it('fails when a policy breaks a rule', async () => {
    @Injectable()
    class Jittery {
      @Cacheable({ ttl: '1m', jitter: 2 })
      async find(id: string): Promise<string> {
        return id;
      }
    }

    await expect(start({ providers: [Jittery] })).rejects.toMatchObject({
      code: 'CACHE_INVALID_OPTION',
      message: expect.stringMatching(/`jitter` of cache `Jittery\.find`.* It is used by Jittery\.find\.$/),
    });
  });

  it.each([
    ['of one namespace', 'test', true],
    ['of two namespaces', 'other', true],
    ['that are not global', 'other', false],
  ])('fails when there are two cache modules %s', async (_what, namespace, isGlobal) => {
    @Module({ imports: [CacheModule.forRoot({ namespace, isGlobal })] })
    class Feature {}

    await expect(start({ imports: [Feature] })).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringMatching(
        /^Expected one CacheModule in the application, got 2, with namespaces `\w+`, `\w+`\.\n\nPotential solutions:\n- Call CacheModule\.forRoot/,
      ),
    });
  });

  it('takes one cache module that several modules import', async () => {
    const cache = CacheModule.forRoot({ namespace: 'test', isGlobal: false });
    @Module({ imports: [cache] })
    class First {}
    @Module({ imports: [cache] })
    class Second {}
    const module = await Test.createTestingModule({ imports: [First, Second, cache] }).compile();

    await module.init();
    await module.close();
  });

  it('takes values of every kind among the providers', async () => {
    const values = [
      null,
      undefined,
      0,
      'text',
      () => 1,
      Symbol('s'),
      Object.create(null),
      new Map(),
      class {},
    ];

    const app = await start({
      providers: values.map((useValue, index) => ({ provide: `value ${index}`, useValue })),
    });

    expect(app.service.stats().caches).toEqual({});
  });
});
