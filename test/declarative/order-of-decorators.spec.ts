import 'reflect-metadata';
import { Get, Header, HttpCode, Injectable, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { MessagePattern } from '@nestjs/microservices';
import { Cron } from '@nestjs/schedule';
import { ApiOperation } from '@nestjs/swagger';
import * as fc from 'fast-check';
import { CacheEvict, CachePut, Cacheable, defineCache, key, pattern, tag } from 'nestjs-roost';
import { inMemoryAndOnRedis, useWatchedIn, type Watched } from './support/places.js';

const define = (name: string) =>
  defineCache<[id: string], string>({
    name,
    key: (id) => key`${name}:${id}`,
    ttl: '5m',
    tags: (id) => [tag`${name}:${id}`],
  });
const caches = {
  loaded: define('loaded'),
  loadedToo: define('loaded-too'),
  put: define('put'),
  putToo: define('put-too'),
  one: define('one'),
  all: define('all'),
  tagged: define('tagged'),
  matching: define('matching'),
  before: define('before'),
  allBefore: define('all-before'),
};

const committed = defineCache<[id: string], void>({
  name: 'committed',
  key: (id) => key`committed:${id}`,
  ttl: '5m',
});

/** What every function of the decorators tells, so that it is seen when it is asked. */
let steps: string[] = [];
function note<T>(step: string, value: T): T {
  steps.push(step);
  return value;
}

const { loaded, loadedToo, put, putToo, one, all, allBefore } = caches;
const isEven = (id: string) => Number(id) % 2 === 0;
const guard = { canActivate: () => true };
const interceptor = { intercept: (_context: unknown, next: { handle(): never }) => next.handle() };

const ours: Readonly<Record<string, MethodDecorator>> = {
  Cacheable: Cacheable(loaded, undefined, {
    when: (id: string) => note('1 when of Cacheable', id !== '3'),
    unless: (_result: string, id: string) => id === '4',
  }) as MethodDecorator,
  'Cacheable, too': Cacheable(loadedToo, undefined, {
    when: (id: string) => note('1 when of Cacheable, too', id !== '2'),
  }) as MethodDecorator,
  CachePut: CachePut({
    cache: put,
    select: (_result: string, id: string) => note('4 put', [id] as const),
    when: (id: string) => note('1 when of CachePut', isEven(id)),
  }) as MethodDecorator,
  'CachePut, too': CachePut({
    cache: putToo,
    select: (_result: string, id: string) => note('4 put, too', [id] as const),
    when: (id: string) => note('1 when of CachePut, too', id !== '1'),
    unless: (_result: string, id: string) => note('4 unless', id === '2'),
  }) as MethodDecorator,
  'CacheEvict of an entry': CacheEvict({
    cache: one,
    select: (_result: string, id: string) => note('5 eviction of an entry', [id] as const),
  }) as MethodDecorator,
  'CacheEvict of a cache': CacheEvict({
    cache: all,
    all: true,
    when: (id: string) => note('1 when of CacheEvict', !isEven(id)),
  }) as MethodDecorator,
  'CacheEvict of tags': CacheEvict({
    tags: (_result: string, id: string) => note('5 eviction of tags', [tag`tagged:${id}`, tag`put:1`]),
  }) as MethodDecorator,
  'CacheEvict of a pattern': CacheEvict({
    pattern: (_result: string, id: string) => note('5 eviction of a pattern', pattern`matching:${id}*`),
  }) as MethodDecorator,
  'CacheEvict before': CacheEvict({
    tags: (id: string) => note('2 eviction before', [tag`before:${id}`, tag`loaded:${id}`]),
    before: true,
    when: (id: string) => note('1 when of CacheEvict before', isEven(id)),
  }) as MethodDecorator,
  'CacheEvict of a cache before': CacheEvict({
    cache: allBefore,
    all: true,
    before: true,
  }) as MethodDecorator,
};

const ofNest: Readonly<Record<string, MethodDecorator>> = {
  Get: Get(':id'),
  HttpCode: HttpCode(202),
  Header: Header('x-kind', 'bot'),
  SetMetadata: SetMetadata('role', 'reader'),
  UseGuards: UseGuards(guard),
  UseInterceptors: UseInterceptors(interceptor),
  OnEvent: OnEvent('bot.asked'),
  Cron: Cron('0 0 1 1 *', { name: 'yearly' }),
  MessagePattern: MessagePattern('find'),
  ApiOperation: ApiOperation({ summary: 'Finds' }),
};

/** Wraps the method and adds a step, as decorators for transactions, retries and spans do. */
function around(step?: string): MethodDecorator {
  return (_target, _property, descriptor: PropertyDescriptor) => {
    const inner = descriptor.value as (...args: unknown[]) => Promise<unknown>;
    descriptor.value = async function (this: unknown, ...args: unknown[]) {
      const result = await Reflect.apply(inner, this, args);
      if (step !== undefined) note(step, undefined);
      return result;
    };
  };
}

const ofOthers: Readonly<Record<string, MethodDecorator>> = { Span: around(), Retry: around() };

const decorators = { ...ours, ...ofNest, ...ofOthers };

/** A class with a method that has these decorators, the first one lowest. */
function decorated(names: readonly string[]) {
  @Injectable()
  class Service {
    calls = 0;

    async find(id: string): Promise<string> {
      note('3 method', undefined);
      this.calls += 1;
      if (id === '5') throw new RangeError('of the method');
      return `${id} by call ${this.calls}`;
    }
  }
  const { prototype } = Service;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'find') as PropertyDescriptor;
  for (const name of names) decorators[name]?.(prototype, 'find', descriptor);
  Object.defineProperty(prototype, 'find', descriptor);
  return Service;
}

/** All that others can read off a method. */
function metadataOf({ prototype }: ReturnType<typeof decorated>): Record<string, unknown> {
  const find: (id: string) => Promise<string> = Reflect.get(prototype, 'find');
  const keys = (Reflect.getMetadataKeys(find) as string[]).map((name) => [
    name,
    Reflect.getMetadata(name, find),
  ]);
  return { ...(Object.fromEntries(keys) as object), name: find.name, length: find.length };
}

const IDS = ['1', '2', '3', '4', '5'];
const entriesOf = (ids: readonly string[]) =>
  Object.values(caches).flatMap((cache) => ids.map((id) => ({ cache, id })));
const ordersOf = (names: object) => fc.shuffledSubarray(Object.keys(names), { minLength: 2 });
const calls = fc.array(fc.constantFrom(...IDS), { minLength: 1, maxLength: 4 });

inMemoryAndOnRedis((place) => {
  const start = useWatchedIn(place);

  /** What calls of a method with these decorators come to: what is returned, what is asked when, what is stored. */
  async function effectsOf(app: Watched, names: readonly string[], ids: readonly string[]) {
    await app.clear();
    await Promise.all(entriesOf(['1', '2']).map(({ cache, id }) => app.store(cache, [id], 'old')));
    const instance = await app.create(decorated(names));
    const told: unknown[] = [];
    for (const id of ids) {
      steps = [];
      const result = await instance.find(id).catch(String);
      // Among themselves, conditions, puts and evictions are asked in the order of their decorators.
      told.push({ id, result, steps: steps.toSorted(), phases: steps.map((step) => step[0]) });
    }
    const stored = entriesOf(IDS).map(async ({ cache, id }) => {
      return [`${cache.name} ${id}`, await app.stored(cache, id)];
    });
    return { told, stored: Object.fromEntries(await Promise.all(stored)) as object };
  }

  describe('the order of decorators', () => {
    it('changes nothing in the effects but which @Cacheable is asked first, whosever stand between them', async () => {
      const app = await start({});
      await fc.assert(
        fc.asyncProperty(ordersOf(decorators), calls, async (order, ids) => {
          const cacheables = order.filter((name) => name.startsWith('Cacheable'));
          const canonical = Object.keys(decorators)
            .filter((name) => order.includes(name))
            .map((name) => (name.startsWith('Cacheable') ? (cacheables.shift() ?? name) : name));
          expect(await effectsOf(app, order, ids)).toEqual(await effectsOf(app, canonical, ids));
        }),
        { numRuns: place.name === 'in memory' ? 150 : 25 },
      );
    });
  });

  describe('of several @Cacheable', () => {
    it('the topmost that has an entry answers, whatever stands between them', async () => {
      const app = await start({});
      for (const between of [[], ['UseGuards', 'Span'], ['CacheEvict of an entry', 'OnEvent']]) {
        for (const [lower, upper] of [
          ['Cacheable', 'Cacheable, too'],
          ['Cacheable, too', 'Cacheable'],
        ] as const) {
          await app.clear();
          await app.store(loaded, ['1'], 'Cacheable');
          await app.store(loadedToo, ['1'], 'Cacheable, too');
          const instance = await app.create(decorated([lower, ...between, upper]));

          expect(await instance.find('1')).toBe(upper);
          expect(instance.calls).toBe(0);
        }
      }
    });
  });

  describe('beside a decorator of somebody else that commits a transaction', () => {
    const Evict = () =>
      CacheEvict({ tags: (_result: void, id: string) => note('eviction', [tag`one:${id}`]) });
    const Put = () =>
      CachePut({ cache: committed, select: (_result: void, id: string) => note('put', [id] as const) });
    const Transactional = () => around('commit');

    class Transactions {
      @Evict()
      @Transactional()
      async above(_id: string): Promise<void> {}

      @Transactional()
      @Evict()
      async below(_id: string): Promise<void> {}

      @Put()
      @Evict()
      @Transactional()
      async bothAbove(_id: string): Promise<void> {}

      @Evict()
      @Transactional()
      @Put()
      async around(_id: string): Promise<void> {}
    }

    it.each([
      ['an eviction above it comes after the commit', 'above', ['commit', 'eviction']],
      ['an eviction below it comes before the commit', 'below', ['eviction', 'commit']],
      ['all effects come after the commit, when all stand above', 'bothAbove', ['commit', 'put', 'eviction']],
      ['the lowest takes all others along', 'around', ['put', 'eviction', 'commit']],
    ] as const)('%s', async (_what, method, expected) => {
      const app = await start({ providers: [Transactions] });
      steps = [];

      await app.get(Transactions)[method]('1');

      expect(steps).toEqual(expected);
    });
  });
});

describe('the order of decorators', () => {
  it('does not change what Nest and others read off the method', () => {
    fc.assert(
      fc.property(ordersOf({ ...ours, ...ofNest }), (order) => {
        const plain = decorated(order.filter((name) => name in ofNest));
        expect(metadataOf(decorated(order))).toEqual(metadataOf(plain));
      }),
      { numRuns: 300 },
    );
  });
});
