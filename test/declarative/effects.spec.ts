import type { Type } from '@nestjs/common';
import { CacheEvict, CachePut, Cacheable, defineCache, key, pattern, tag } from 'nestjs-roost';
import { inMemoryAndOnRedis, useWatchedIn, type Watched } from './support/places.js';

const bots = defineCache<[id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const details = defineCache<[id: string], string>({
  name: 'details',
  key: (id) => key`bot:${id}:details`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const pages = defineCache<[org: string, page: number], string>({
  name: 'pages',
  key: (org, page) => key`org:${org}:page:${page}`,
  ttl: '5m',
  tags: (org) => [tag`org:${org}`],
});

interface Renamed {
  readonly id: string;
  readonly org: string;
}

const renames = defineCache<[id: string], Renamed | null>({
  name: 'renames',
  key: (id) => key`rename:${id}`,
  ttl: '5m',
});

inMemoryAndOnRedis((place) => {
  const start = useWatchedIn(place);
  let app: Watched;
  let steps: string[];

  beforeEach(() => {
    steps = [];
  });

  /** Notes that a step was taken, and gives what it gives. */
  function note<T>(step: string, value: T): T {
    steps.push(step);
    return value;
  }

  /** Starts an application of one class, with something in every cache. */
  async function serve<T>(type: Type<T>): Promise<T> {
    app = await start({ providers: [type] });
    for (const id of ['1', '2', '10']) {
      await app.store(bots, [id], `old ${id}`);
      await app.store(details, [id], `old details ${id}`);
    }
    for (const org of ['acme', 'other']) await app.store(pages, [org, 1], `old page of ${org}`);
    return app.get(type);
  }

  /** Which of the entries that were there at the start are there no more. */
  async function evicted(): Promise<string[]> {
    const gone: string[] = [];
    for (const id of ['1', '2', '10']) {
      if ((await app.stored(bots, id)) === undefined) gone.push(`bot ${id}`);
      if ((await app.stored(details, id)) === undefined) gone.push(`details ${id}`);
    }
    for (const org of ['acme', 'other'])
      if ((await app.stored(pages, org, 1)) === undefined) gone.push(`page of ${org}`);
    return gone;
  }

  describe('@CacheEvict', () => {
    it('evicts the entry that `select` picks out of the result and the arguments', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: (renamed: Renamed) => [renamed.id] })
        @CacheEvict({ cache: details, select: (_renamed: Renamed, id: string) => [id] })
        async rename(id: string): Promise<Renamed> {
          return { id: id.trim(), org: 'acme' };
        }
      }

      await (await serve(Bots)).rename('1 ');
      expect(await evicted()).toEqual(['bot 1']);
      await app.get(Bots).rename('10');
      expect(await evicted()).toEqual(['bot 1', 'bot 10', 'details 10']);
    });

    it('with `all` evicts every entry of the cache, and of no other', async () => {
      class Bots {
        @CacheEvict({ cache: bots, all: true })
        async recalculate(): Promise<void> {}
      }

      await (await serve(Bots)).recalculate();

      expect(await evicted()).toEqual(['bot 1', 'bot 2', 'bot 10']);
    });

    it('with `tags` evicts every entry with any of them, in whatever caches', async () => {
      class Bots {
        @CacheEvict({ tags: (renamed: Renamed) => [tag`bot:${renamed.id}`, tag`org:${renamed.org}`] })
        async rename(id: string): Promise<Renamed> {
          return { id, org: 'acme' };
        }
      }

      await (await serve(Bots)).rename('1');

      expect(await evicted()).toEqual(['bot 1', 'details 1', 'page of acme']);
    });

    it('with `pattern` evicts every entry whose key matches: bot 1 and what lies below it, not bot 10', async () => {
      class Bots {
        @CacheEvict({ pattern: (_result: void, id: string) => pattern`bot:${id}*` })
        async remove(_id: string): Promise<void> {}
      }

      await (await serve(Bots)).remove('1');

      expect(await evicted()).toEqual(['bot 1', 'details 1']);
    });

    it('stands on one method as often as there is something to evict', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: (renamed: Renamed) => [renamed.id] })
        @CacheEvict({ cache: details, all: true })
        @CacheEvict({ tags: (renamed: Renamed) => [tag`org:${renamed.org}`] })
        @CacheEvict({ tags: () => [tag`bot:10`] })
        @CacheEvict({ pattern: () => pattern`bot:2` })
        async rename(id: string): Promise<Renamed> {
          return { id, org: 'acme' };
        }
      }

      await (await serve(Bots)).rename('1');

      expect(await evicted()).toEqual([
        ...['bot 1', 'details 1', 'bot 2', 'details 2', 'bot 10', 'details 10'],
        'page of acme',
      ]);
    });

    it('evicts while nothing is stored, too', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: () => ['nobody'] })
        @CacheEvict({ tags: () => [tag`nothing`] })
        @CacheEvict({ pattern: () => pattern`nothing:*` })
        async remove(): Promise<string> {
          return 'removed';
        }
      }

      expect(await (await serve(Bots)).remove()).toBe('removed');
      expect(await evicted()).toEqual([]);
    });

    it('evicts nothing when the method throws, and the error is the method’s own', async () => {
      const error = new RangeError('of the method');
      class Bots {
        @CacheEvict({ cache: bots, all: true })
        async rename(): Promise<void> {
          throw error;
        }
      }

      await expect((await serve(Bots)).rename()).rejects.toBe(error);

      expect(await evicted()).toEqual([]);
    });

    it('with `before` evicts when the method throws, too', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: (id: string) => [id], before: true })
        async rename(_id: string): Promise<void> {
          throw new RangeError('of the method');
        }
      }

      await expect((await serve(Bots)).rename('1')).rejects.toThrow(new RangeError('of the method'));

      expect(await evicted()).toEqual(['bot 1']);
    });

    it('evicts nothing when `when`, asked with the arguments, says no', async () => {
      class Bots {
        @CacheEvict({ cache: bots, all: true, when: (_id: string, really: boolean) => really })
        @CacheEvict({ cache: details, all: true, before: true, when: (id: string) => id !== '1' })
        async rename(_id: string, _really: boolean): Promise<void> {}
      }

      await (await serve(Bots)).rename('1', false);
      expect(await evicted()).toEqual([]);
      await app.get(Bots).rename('1', true);
      expect(await evicted()).toEqual(['bot 1', 'bot 2', 'bot 10']);
    });

    it('beside a @Cacheable evicts on a hit, too', async () => {
      let calls = 0;
      class Bots {
        @Cacheable(bots)
        @CacheEvict({ cache: pages, all: true })
        @CacheEvict({ cache: details, select: (name: string) => [name.replace('old ', '')] })
        async find(id: string): Promise<string> {
          calls += 1;
          return id;
        }
      }

      expect(await (await serve(Bots)).find('1')).toBe('old 1');

      expect(calls).toBe(0);
      expect(await evicted()).toEqual(['details 1', 'page of acme', 'page of other']);
    });
  });

  describe('@CachePut', () => {
    it('stores the result over what is stored, in every cache that it names', async () => {
      class Bots {
        @CachePut({ cache: bots, select: (name: string) => [name] })
        @CachePut({ cache: details, select: (_name: string, id: string) => [id] })
        async rename(_id: string): Promise<string> {
          return '2';
        }
      }

      await (await serve(Bots)).rename('1');

      expect(await app.stored(bots, '2')).toBe('2');
      expect(await app.stored(details, '1')).toBe('2');
      expect(await app.stored(bots, '1')).toBe('old 1');
    });

    it('stores nothing when the method throws', async () => {
      class Bots {
        @CachePut({ cache: bots, select: (_name: string, id: string) => [id] })
        async rename(_id: string): Promise<string> {
          throw new RangeError('of the method');
        }
      }

      await expect((await serve(Bots)).rename('1')).rejects.toThrow(new RangeError('of the method'));

      expect(await app.stored(bots, '1')).toBe('old 1');
    });

    it('leaves the cache alone when `when` says no', async () => {
      class Bots {
        @CachePut({
          cache: bots,
          select: (_name: string, id: string) => [id],
          when: (id: string) => id === '2',
        })
        async rename(id: string): Promise<string> {
          return `new ${id}`;
        }
      }

      await (await serve(Bots)).rename('1');
      await app.get(Bots).rename('2');

      expect(await app.stored(bots, '1')).toBe('old 1');
      expect(await app.stored(bots, '2')).toBe('new 2');
    });

    it('leaves the cache alone when `unless`, asked with result and arguments, says yes', async () => {
      class Bots {
        @CachePut({
          cache: bots,
          select: (_name: string, id: string) => [id],
          unless: (name: string, id: string) => name === `new ${id}` && id === '1',
        })
        async rename(id: string): Promise<string> {
          return `new ${id}`;
        }
      }

      await (await serve(Bots)).rename('1');
      await app.get(Bots).rename('2');

      expect(await app.stored(bots, '1')).toBe('old 1');
      expect(await app.stored(bots, '2')).toBe('new 2');
    });

    it('asks `unless` before a key is made of the result, which may be null', async () => {
      class Bots {
        @CachePut({
          cache: renames,
          select: (renamed: Renamed | null) => note('select', [(renamed as Renamed).id] as const),
          unless: (renamed: Renamed | null) => note('unless', renamed === null),
        })
        async rename(_id: string): Promise<Renamed | null> {
          return null;
        }
      }

      expect(await (await serve(Bots)).rename('1')).toBeNull();
      expect(steps).toEqual(['unless']);
    });

    it('beside a @Cacheable calls the method each time, and stores the result in both caches', async () => {
      let calls = 0;
      class Bots {
        @Cacheable(bots)
        @CachePut({ cache: details, select: (_name: string, id: string) => [id] })
        async refresh(_id: string): Promise<string> {
          calls += 1;
          return `call ${calls}`;
        }
      }

      expect(await (await serve(Bots)).refresh('1')).toBe('call 1');
      expect(await app.get(Bots).refresh('1')).toBe('call 2');

      expect(await app.stored(bots, '1')).toBe('call 2');
      expect(await app.stored(details, '1')).toBe('call 2');
    });

    it('beside a @Cacheable, and switched off by its `when`, is as if it were not there', async () => {
      let calls = 0;
      class Bots {
        @Cacheable(bots, (id: string) => [id])
        @CachePut({
          cache: details,
          select: (_name: string, id: string) => [id],
          when: (_id: string, refresh: boolean) => refresh,
        })
        async find(_id: string, _refresh: boolean): Promise<string> {
          calls += 1;
          return 'new';
        }
      }

      expect(await (await serve(Bots)).find('1', false)).toBe('old 1');
      expect(calls).toBe(0);
      expect(await app.get(Bots).find('1', true)).toBe('new');
      expect(await app.stored(details, '1')).toBe('new');
    });

    it('beside a @Cacheable stores by the `when` and the `unless` of each', async () => {
      class Bots {
        @Cacheable(bots, undefined, {
          when: (id: string) => id !== '1',
          unless: (_name: string, id: string) => id === '2',
        })
        @CachePut({
          cache: details,
          select: (_name: string, id: string) => [id],
          unless: (_name: string, id: string) => id === '10',
        })
        async refresh(_id: string): Promise<string> {
          return 'new';
        }
      }
      await serve(Bots);
      for (const id of ['1', '2', '10']) await app.get(Bots).refresh(id);

      expect(await app.stored(bots, '1')).toBe('old 1');
      expect(await app.stored(bots, '2')).toBe('old 2');
      expect(await app.stored(bots, '10')).toBe('new');
      expect(await app.stored(details, '1')).toBe('new');
      expect(await app.stored(details, '2')).toBe('new');
      expect(await app.stored(details, '10')).toBe('old details 10');
    });
  });

  describe('the order of effects', () => {
    it('is: conditions, evictions marked `before`, the method, puts, evictions', async () => {
      class Bots {
        @CacheEvict({
          cache: pages,
          all: true,
          when: () => note('when', true),
        })
        @CacheEvict({ tags: () => note('eviction', [tag`bot:2`]), when: () => note('when', true) })
        @CachePut({
          cache: details,
          select: () => note('put', ['1'] as const),
          when: () => note('when', true),
          unless: () => note('put', false),
        })
        @CacheEvict({
          tags: () => note('eviction before', [tag`bot:10`]),
          before: true,
          when: () => note('when', true),
        })
        @Cacheable(bots, () => note('put', ['1'] as const), { when: () => note('when', true) })
        async refresh(): Promise<string> {
          return note('method', 'new');
        }
      }

      await (await serve(Bots)).refresh();

      expect(steps).toEqual([
        ...['when', 'when', 'when', 'when', 'when', 'eviction before', 'method', 'put', 'put', 'put'],
        'eviction',
      ]);
    });

    it('has evictions marked `before` done, and all others still to come, while the method runs', async () => {
      let found: string[] = [];
      class Bots {
        @CacheEvict({ cache: bots, select: () => ['1'] })
        @CacheEvict({ cache: bots, select: () => ['2'], before: true })
        async rename(): Promise<void> {
          found = await evicted();
        }
      }

      await (await serve(Bots)).rename();

      expect(found).toEqual(['bot 2']);
      expect(await evicted()).toEqual(['bot 1', 'bot 2']);
    });

    it('has evictions marked `before` done before the lookup: the method answers each call', async () => {
      let calls = 0;
      class Bots {
        @Cacheable(bots)
        @CacheEvict({ cache: bots, select: (id: string) => [id], before: true })
        async find(_id: string): Promise<string> {
          calls += 1;
          return `call ${calls}`;
        }
      }

      expect(await (await serve(Bots)).find('1')).toBe('call 1');
      expect(await app.get(Bots).find('1')).toBe('call 2');
      expect(await app.stored(bots, '1')).toBe('call 2');
    });

    it('has puts done before evictions: what one method puts and evicts is gone', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: (_name: string, id: string) => [id] })
        @CachePut({ cache: bots, select: (_name: string, id: string) => [id] })
        async rename(_id: string): Promise<string> {
          return 'new';
        }
      }

      await (await serve(Bots)).rename('1');

      expect(await evicted()).toEqual(['bot 1']);
    });

    it('has what a @Cacheable has loaded stored before evictions: what it loads and evicts is gone', async () => {
      class Bots {
        @CacheEvict({ cache: bots, select: (_name: string, id: string) => [id] })
        @Cacheable(bots)
        async peek(id: string): Promise<string> {
          return `new ${id}`;
        }
      }

      expect(await (await serve(Bots)).peek('3')).toBe('new 3');
      expect(await app.stored(bots, '3')).toBeUndefined();
    });

    it('ends when the caller sees the result: everybody sees the effects by then', async () => {
      class Bots {
        @CachePut({ cache: details, select: (name: string) => [name] })
        @CacheEvict({ cache: bots, all: true })
        async rename(): Promise<string> {
          return '1';
        }
      }
      const service = await serve(Bots);

      const seen = service.rename().then(() => Promise.all([evicted(), app.stored(details, '1')]));

      expect(await seen).toEqual([['bot 1', 'bot 2', 'bot 10'], '1']);
    });
  });

  describe('@Cacheable', () => {
    it('answers with what any instance has stored, and does not run the method', async () => {
      class Bots {
        @Cacheable(bots, (_user: string, id: string) => [id])
        async find(_user: string, _id: string): Promise<string> {
          throw new RangeError('of the method');
        }
      }

      expect(await (await serve(Bots)).find('ann', '1')).toBe('old 1');
    });

    it('stores what the method returns before the caller sees it', async () => {
      class Bots {
        @Cacheable(bots, (_user: string, id: string) => [id])
        async find(user: string, id: string): Promise<string> {
          return `${id} of ${user}`;
        }
      }

      expect(await (await serve(Bots)).find('ann', '3')).toBe('3 of ann');
      expect(await app.stored(bots, '3')).toBe('3 of ann');
    });

    it('neither reads nor stores when `when`, asked with the arguments, says no', async () => {
      class Bots {
        @Cacheable(bots, undefined, { when: (id: string) => id === '2' })
        async find(id: string): Promise<string> {
          return `new ${id}`;
        }
      }

      expect(await (await serve(Bots)).find('1')).toBe('new 1');
      expect(await app.stored(bots, '1')).toBe('old 1');
      expect(await app.get(Bots).find('2')).toBe('old 2');
    });

    it('returns and does not store what `unless`, asked with result and arguments, says yes to', async () => {
      class Bots {
        @Cacheable(bots, undefined, { unless: (name: string, id: string) => name === 'new 3' && id === '3' })
        async find(id: string): Promise<string> {
          return `new ${id}`;
        }
      }

      expect(await (await serve(Bots)).find('3')).toBe('new 3');
      expect(await app.stored(bots, '3')).toBeUndefined();
      await app.get(Bots).find('4');
      expect(await app.stored(bots, '4')).toBe('new 4');
    });
  });

  describe('`this`', () => {
    it('is the instance in every function of every decorator', async () => {
      class Bots {
        readonly id = '1';
        readonly isOn = true;

        @Cacheable(
          bots,
          function (this: Bots) {
            return [this.id];
          },
          {
            when(this: Bots) {
              return this.isOn;
            },
            unless(this: Bots) {
              return !this.isOn;
            },
          },
        )
        async find(): Promise<string> {
          return 'new';
        }

        @CachePut({
          cache: bots,
          select(this: Bots) {
            return [this.id];
          },
          when(this: Bots) {
            return this.isOn;
          },
          unless(this: Bots) {
            return !this.isOn;
          },
        })
        async put(): Promise<string> {
          return 'put';
        }

        @CacheEvict({
          cache: bots,
          select(this: Bots) {
            return [this.id];
          },
          when(this: Bots) {
            return this.isOn;
          },
        })
        @CacheEvict({
          tags(this: Bots) {
            return [tag`bot:${this.id}0`];
          },
          before: true,
        })
        @CacheEvict({
          pattern(this: Bots) {
            return pattern`bot:${this.id}:*`;
          },
        })
        async evict(): Promise<void> {}
      }
      const service = await serve(Bots);

      expect(await service.find()).toBe('old 1');
      await service.put();
      expect(await app.stored(bots, '1')).toBe('put');
      await service.evict();
      expect(await evicted()).toEqual(['bot 1', 'details 1', 'bot 10', 'details 10']);
      expect(await service.find()).toBe('new');
      expect(await app.stored(bots, '1')).toBe('new');
    });
  });
});
