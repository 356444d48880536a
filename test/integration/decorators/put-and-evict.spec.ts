import { Injectable } from '@nestjs/common';
import {
  CacheEvict,
  CachePut,
  CacheService,
  Cacheable,
  defineCache,
  digest,
  key,
  pattern,
  tag,
  unordered,
  type CacheTag,
} from 'nestjs-roost';
import { useApps, type TestingApp } from './support/testing-app.js';

interface Bot {
  readonly id: string;
  readonly org: number;
  readonly version: number;
}

const bots = defineCache({
  name: 'bots',
  key: (id: string) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const details = defineCache({
  name: 'details',
  key: (id: string) => key`bot:${id}:details`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const pages = defineCache({
  name: 'pages',
  key: (org: number, page: number) => key`bots:org:${org}:page:${page}`,
  ttl: '5m',
  tags: (org) => [tag`org:${org}`],
});

@Injectable()
class Bots {
  readonly calls: string[] = [];
  version = 1;

  @Cacheable(bots)
  async find(id: string): Promise<Bot> {
    this.calls.push(`find ${id}`);
    return this.bot(id);
  }

  @Cacheable(details)
  async details(id: string): Promise<Bot> {
    this.calls.push(`details ${id}`);
    return this.bot(id);
  }

  @Cacheable(pages)
  async page(org: number, page: number): Promise<number> {
    this.calls.push(`page ${org} ${page}`);
    return this.version;
  }

  @CacheEvict({ cache: bots, select: (_result: Bot, id: string) => [id] })
  async evictOne(id: string): Promise<Bot> {
    return this.bot(id);
  }

  @CacheEvict({ cache: bots, all: true })
  async evictAll(): Promise<void> {}

  @CacheEvict({ tags: (result: Bot) => [tag`bot:${result.id}`, tag`org:${result.org}`] })
  async evictTags(id: string): Promise<Bot> {
    return this.bot(id);
  }

  @CacheEvict({ pattern: (_result: void, id: string) => pattern`bot:${id}*` })
  async evictPattern(_id: string): Promise<void> {}

  @CacheEvict({ cache: bots, all: true })
  async failAndEvict(): Promise<void> {
    throw new RangeError('failed');
  }

  @CacheEvict({ cache: bots, select: (id: string) => [id], before: true })
  async evictAndFail(_id: string): Promise<void> {
    throw new RangeError('failed');
  }

  @CacheEvict({
    cache: bots,
    all: true,
    when(this: Bots, really: boolean) {
      return really && this.version === 1;
    },
  })
  async evictWhen(_really: boolean): Promise<void> {}

  @CachePut({ cache: bots, select: (bot: Bot) => [bot.id] })
  @CachePut({ cache: details, select: (_bot: Bot, id: string) => [id] })
  async update(id: string): Promise<Bot> {
    this.version += 1;
    return this.bot(id);
  }

  @CachePut({
    cache: bots,
    select: (bot: Bot) => [bot.id],
    when: (_id: string, wanted: boolean) => wanted,
    unless: (bot: Bot) => bot.version === 3,
  })
  async updateIf(id: string, _wanted: boolean): Promise<Bot> {
    this.version += 1;
    return this.bot(id);
  }

  @CachePut({ cache: bots, select: (bot: Bot) => [bot.id] })
  async failingUpdate(_id: string): Promise<Bot> {
    throw new RangeError('failed');
  }

  @CacheEvict({ cache: bots, select: (_bot: Bot, id: string) => [id] })
  @CachePut({ cache: bots, select: (bot: Bot) => [bot.id] })
  async putAndEvict(id: string): Promise<Bot> {
    return this.bot(id);
  }

  @CachePut({ cache: bots, select: (bot: Bot) => [bot.id] })
  @Cacheable(details)
  async refresh(id: string): Promise<Bot> {
    this.version += 1;
    this.calls.push(`refresh ${id}`);
    return this.bot(id);
  }

  @CachePut({ cache: bots, select: (bot: Bot) => [bot.id], when: (_id: string, put: boolean) => put })
  @Cacheable(details, (id: string) => [id], {
    when: (id: string) => id !== 'x',
    unless: (bot: Bot) => bot.version > 10,
  })
  async refreshIf(id: string, _put: boolean): Promise<Bot> {
    this.version += 1;
    this.calls.push(`refreshIf ${id}`);
    return this.bot(id);
  }

  @CacheEvict({ cache: pages, all: true })
  @Cacheable(bots)
  async findAndEvict(id: string): Promise<Bot> {
    this.calls.push(`findAndEvict ${id}`);
    return this.bot(id);
  }

  @Cacheable(bots)
  @CacheEvict({ cache: bots, select: (id: string) => [id], before: true })
  async alwaysFresh(id: string): Promise<Bot> {
    this.calls.push(`alwaysFresh ${id}`);
    return this.bot(id);
  }

  private bot(id: string): Bot {
    return { id, org: 7, version: this.version };
  }
}

const start = useApps();
let app: TestingApp;
let service: Bots;

beforeEach(async () => {
  app = await start({ providers: [Bots] });
  service = app.get(Bots);
});

/** Which of these has to be computed anew. */
async function missing(...reads: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const before = service.calls.length;
  for (const read of reads) await read();
  return service.calls.slice(before);
}

const everything = [
  () => service.find('1'),
  () => service.find('10'),
  () => service.details('1'),
  () => service.page(7, 1),
  () => service.page(8, 1),
];

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((others) => [first, ...others]),
  );
}

describe('@CacheEvict', () => {
  beforeEach(() => missing(...everything));

  it('evicts one entry by its arguments', async () => {
    await service.evictOne('1');

    expect(await missing(...everything)).toEqual(['find 1']);
  });

  it('evicts all of one cache and of no other', async () => {
    await service.evictAll();

    expect(await missing(...everything)).toEqual(['find 1', 'find 10']);
  });

  it('evicts by tags, across caches', async () => {
    await service.evictTags('1');

    expect(await missing(...everything)).toEqual(['find 1', 'details 1', 'page 7 1']);
  });

  it('evicts by pattern: bot 1 and what lies below it, not bot 10', async () => {
    await service.evictPattern('1');

    expect(await missing(...everything)).toEqual(['find 1', 'details 1']);
  });

  it('does nothing when the method throws', async () => {
    await expect(service.failAndEvict()).rejects.toThrow(new RangeError('failed'));

    expect(await missing(...everything)).toEqual([]);
  });

  it('with `before` evicts also when the method throws', async () => {
    await expect(service.evictAndFail('1')).rejects.toThrow(new RangeError('failed'));

    expect(await missing(...everything)).toEqual(['find 1']);
  });

  it('asks `when` before the call', async () => {
    await service.evictWhen(false);
    expect(await missing(...everything)).toEqual([]);

    await service.evictWhen(true);
    expect(await missing(...everything)).toEqual(['find 1', 'find 10']);
  });

  it('beside a @Cacheable that answers the call evicts all the same', async () => {
    expect((await service.findAndEvict('1')).version).toBe(1);

    expect(await missing(...everything)).toEqual(['page 7 1', 'page 8 1']);
  });

  it('with `before` evicts before the lookup', async () => {
    service.version = 2;

    expect((await service.alwaysFresh('1')).version).toBe(2);
    expect((await service.alwaysFresh('1')).version).toBe(2);
    expect(await missing(...everything)).toEqual([]);
    expect(service.calls.filter((call) => call.startsWith('always'))).toHaveLength(2);
  });
});

describe('@CachePut', () => {
  it('stores the result in every cache it names, over what is there', async () => {
    await missing(...everything);

    expect((await service.update('1')).version).toBe(2);

    expect((await service.find('1')).version).toBe(2);
    expect((await service.details('1')).version).toBe(2);
    expect(await missing(...everything)).toEqual([]);
  });

  it('leaves the cache alone when `when` says no or `unless` says yes', async () => {
    await service.find('1');

    await service.updateIf('1', false);
    expect((await service.find('1')).version).toBe(1);
    await service.updateIf('1', true);
    expect((await service.find('1')).version).toBe(1);
    await service.updateIf('1', true);
    expect((await service.find('1')).version).toBe(4);
  });

  it('stores nothing when the method throws', async () => {
    await service.find('1');

    await expect(service.failingUpdate('1')).rejects.toThrow(new RangeError('failed'));

    expect((await service.find('1')).version).toBe(1);
    expect(service.calls).toEqual(['find 1']);
  });

  it('comes before evictions', async () => {
    await service.putAndEvict('1');

    expect(await missing(() => service.find('1'))).toEqual(['find 1']);
  });

  it('beside a @Cacheable calls the method each time, and stores the result in both caches', async () => {
    await missing(...everything);

    await service.refresh('1');
    await service.refresh('1');

    expect(service.calls.filter((call) => call === 'refresh 1')).toHaveLength(2);
    expect((await service.find('1')).version).toBe(3);
    expect((await service.details('1')).version).toBe(3);
    expect(await missing(...everything)).toEqual([]);
  });

  it('that `when` switches off leaves a @Cacheable its lookup', async () => {
    await service.refreshIf('1', true);
    expect((await service.refreshIf('1', false)).version).toBe(2);

    expect(service.calls).toEqual(['refreshIf 1']);
  });

  it('beside a @Cacheable respects when and unless of each', async () => {
    await service.refreshIf('x', true);
    expect(await missing(() => service.find('x'))).toEqual([]);
    expect(await missing(() => service.details('x'))).toEqual(['details x']);

    service.version = 10;
    await service.refreshIf('y', true);
    expect(await missing(() => service.find('y'))).toEqual([]);
    expect(await missing(() => service.details('y'))).toEqual(['details y']);
  });
});

describe('several decorators on one method', () => {
  const decorators = {
    cacheable: Cacheable(bots) as MethodDecorator,
    put: CachePut({
      cache: details,
      select: (bot: Bot) => [bot.id],
      when: (id: string) => id === 'put',
    }) as MethodDecorator,
    evict: CacheEvict({ cache: pages, all: true }) as MethodDecorator,
    // Wraps, as decorators for retries and spans do.
    foreign: ((_target, _property, descriptor: PropertyDescriptor) => {
      const inner = descriptor.value as (...args: unknown[]) => unknown;
      descriptor.value = async function (this: unknown, ...args: unknown[]) {
        return Reflect.apply(inner, this, args);
      };
    }) as MethodDecorator,
  };
  const orders = permutations(Object.keys(decorators) as (keyof typeof decorators)[]);

  it.each(orders.map((order) => [order.join(', '), order] as const))(
    'work the same as %s',
    async (_name, order) => {
      @Injectable()
      class Ordered {
        calls = 0;

        async find(id: string): Promise<Bot> {
          this.calls += 1;
          return { id, org: 7, version: this.calls };
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(Ordered.prototype, 'find') as PropertyDescriptor;
      for (const name of order) decorators[name](Ordered.prototype, 'find', descriptor);
      Object.defineProperty(Ordered.prototype, 'find', descriptor);
      app = await start({ providers: [Ordered, Bots] });
      const ordered = app.get(Ordered);
      service = app.get(Bots);
      await service.page(7, 1);

      expect((await ordered.find('1')).version).toBe(1);
      expect((await ordered.find('1')).version).toBe(1);
      expect(await missing(() => service.page(7, 1))).toEqual(['page 7 1']);
      expect((await ordered.find('put')).version).toBe(2);
      expect((await ordered.find('put')).version).toBe(3);
      expect((await service.details('put')).version).toBe(3);
      expect((await service.find('put')).version).toBe(3);
      expect(await missing(() => service.details('1'))).toEqual(['details 1']);
    },
  );
});

describe('beside a transaction of somebody else, the one wrapper stands where the lowest decorator does', () => {
  const steps: string[] = [];
  const note = <T>(step: string, value: T): T => {
    steps.push(step);
    return value;
  };
  const Transactional = (): MethodDecorator => (_target, _property, descriptor: PropertyDescriptor) => {
    const inner = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = async function (this: unknown, ...args: unknown[]) {
      return note('commit', await Reflect.apply(inner, this, args));
    };
  };
  const Evict = () => CacheEvict({ tags: (bot: Bot) => note('evict', [tag`bot:${bot.id}`]) });
  const Put = () => CachePut({ cache: bots, select: (bot: Bot) => note('put', [bot.id] as const) });

  class Transactions {
    @Evict()
    @Transactional()
    async above(id: string): Promise<Bot> {
      return { id, org: 7, version: 1 };
    }

    @Transactional()
    @Evict()
    async below(id: string): Promise<Bot> {
      return { id, org: 7, version: 1 };
    }

    @Evict()
    @Transactional()
    @Put()
    async around(id: string): Promise<Bot> {
      return { id, org: 7, version: 1 };
    }

    @Put()
    @Evict()
    @Transactional()
    async bothAbove(id: string): Promise<Bot> {
      return { id, org: 7, version: 1 };
    }
  }

  it.each([
    ['above', ['commit', 'evict']],
    ['below', ['evict', 'commit']],
    ['around', ['put', 'evict', 'commit']],
    ['bothAbove', ['commit', 'put', 'evict']],
  ] as const)('%s: %j', async (method, expected) => {
    app = await start({ providers: [Transactions] });
    steps.length = 0;

    await app.get(Transactions)[method]('1');

    expect(steps).toEqual(expected);
  });
});

describe('what goes wrong after the call', () => {
  /** The process would end if what it returns were left alone. */
  const rejecting = async (): Promise<boolean> => {
    throw new RangeError('of a promise');
  };

  @Injectable()
  class Broken {
    @CachePut({ cache: bots, select: () => ['put'] })
    @CacheEvict({ cache: details, all: true })
    async uncacheable(): Promise<() => number> {
      return () => 1;
    }

    @CacheEvict({ tags: (result: Bot | null) => [tag`bot:${(result as Bot).id}`] })
    @CacheEvict({ cache: details, select: (_result: null, what: object) => [what as unknown as string] })
    @CacheEvict({ cache: bots, select: (_result: null) => ['1'] })
    @CachePut({ cache: bots, select: (_result: null) => 'no array' as unknown as [string] })
    async everythingWrong(_what: object): Promise<null> {
      return null;
    }

    @CacheEvict({ cache: bots, select: (what: object) => [what as unknown as string], before: true })
    async keylessBefore(_what: object): Promise<string> {
      return 'called';
    }

    @CacheEvict({
      tags: () => {
        throw new RangeError('of the selector');
      },
      before: true,
    })
    async failingBefore(): Promise<string> {
      return 'called';
    }

    @CacheEvict({ tags: () => 'no array' as unknown as [] })
    @CacheEvict({ pattern: () => 'bot:*' as unknown as ReturnType<typeof pattern> })
    async wrongTypes(): Promise<string> {
      return 'called';
    }

    @CacheEvict({ tags: (_result: string, tags: readonly unknown[]) => tags as readonly CacheTag[] })
    async tagsAfter(_tags: readonly unknown[]): Promise<string> {
      return 'called';
    }

    @CacheEvict({ tags: (tags: readonly unknown[]) => tags as readonly CacheTag[], before: true })
    async tagsBefore(_tags: readonly unknown[]): Promise<string> {
      return 'called';
    }

    @CacheEvict({ tags: rejecting as () => never })
    @CacheEvict({ pattern: rejecting as () => never })
    @CacheEvict({ cache: bots, select: rejecting as () => never })
    @CachePut({ cache: details, select: () => ['1'], unless: rejecting as () => never })
    async asyncFunctions(): Promise<string> {
      return 'called';
    }

    @CacheEvict({ cache: details, all: true, when: rejecting as () => never })
    async asyncWhen(): Promise<string> {
      return 'called';
    }

    @CachePut({ cache: details, select: () => ['1'], when: () => ({ then: () => undefined }) as never })
    async thenableWhen(): Promise<string> {
      return 'called';
    }
  }

  let broken: Broken;
  let problems: string[];

  beforeEach(async () => {
    app = await start({ providers: [Bots, Broken] });
    service = app.get(Bots);
    broken = app.get(Broken);
    problems = [];
    const caches = app.get(CacheService);
    const report = caches.reportProblem.bind(caches);
    caches.reportProblem = (operation, error) => {
      problems.push(`${operation}: ${(error as Error).message.split('\n')[0]}`);
      report(operation, error);
    };
  });

  it('does not take the result from the caller, and keeps nothing from being tried', async () => {
    await missing(() => service.details('1'));

    const result = await broken.uncacheable();

    expect(result()).toBe(1);
    expect(problems).toEqual([expect.stringMatching(/^put after Broken\.uncacheable: /)]);
    expect(await missing(() => service.details('1'))).toEqual(['details 1']);
  });

  it('is reported with class and method, one by one', async () => {
    await missing(() => service.find('1'));

    await expect(broken.everythingWrong({})).resolves.toBeNull();

    expect(problems.toSorted()).toEqual([
      expect.stringMatching(/^eviction after Broken\.everythingWrong: Cannot read properties of null/),
      expect.stringMatching(/^eviction after Broken\.everythingWrong: Expected /),
      'put after Broken.everythingWrong: Expected `select` of Broken.everythingWrong to return the arguments of cache `bots` as an array, got a string.',
    ]);
    expect(await missing(() => service.find('1'))).toEqual(['find 1']);
  });

  it('is told when it is no tags or no pattern', async () => {
    await expect(broken.wrongTypes()).resolves.toBe('called');

    expect(problems.toSorted()).toEqual([
      'eviction after Broken.wrongTypes: Expected `pattern` of Broken.wrongTypes to return a pattern, got a string.',
      'eviction after Broken.wrongTypes: Expected `tags` of Broken.wrongTypes to return an array of tags, got a string.',
    ]);
  });

  const tagsRefused = (method: string, found: string) =>
    `Expected \`tags\` of Broken.${method} to return tags that the template makes, got ${found} among them.`;
  const noTags: [string, unknown, string][] = [
    ['undefined', undefined, 'undefined'],
    ['a number', 5, 'a number'],
    ['an object', {}, 'an object'],
    ['a pattern of tags', 't:*', 'another text'],
    ['an empty text', '', 'another text'],
    ['a text with a space', 'bot 1', 'another text'],
    ['a text beyond the longest tag', 'x'.repeat(201), 'another text'],
    ["the library's own tag of a cache", '%cache:bots', 'another text'],
    ["the library's own tag of everything", '%all', 'another text'],
  ];

  it.each(noTags)('is told of a tag that is none: %s', async (_what, given, found) => {
    await expect(broken.tagsAfter([given])).resolves.toBe('called');

    expect(problems).toEqual([`eviction after Broken.tagsAfter: ${tagsRefused('tagsAfter', found)}`]);
    await expect(broken.tagsBefore([given])).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringContaining(tagsRefused('tagsBefore', found)),
    });
  });

  it('takes every tag that the template makes', async () => {
    const parts = ['a', '', 'a b*%~é', '\ud800', null, undefined, 1.5, 10n, true, new Date(0)];
    const tags = [
      tag`a`,
      tag`a:!"#$&'()+,-./<=>@^_\`|;`,
      ...parts.map((part) => tag`bot:${part}`),
      tag`pair:${unordered('b', null)}`,
      tag`by:${digest({ a: 1 })}`,
      tag`long:${'é'.repeat(300)}`,
    ];

    await expect(broken.tagsBefore(tags)).resolves.toBe('called');
    await broken.tagsAfter(tags);
    expect(problems).toEqual([]);
  });

  it('is told of promises: what selectors reject with, and conditions that nothing waits for', async () => {
    await expect(broken.asyncFunctions()).resolves.toBe('called');

    expect(problems.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'eviction after Broken.asyncFunctions: of a promise'),
      'put after Broken.asyncFunctions: Expected `unless` of Broken.asyncFunctions to return true or false at once, got an object (Promise).',
    ]);
    await expect(broken.asyncWhen()).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringContaining(
        'Expected `when` of Broken.asyncWhen to return true or false at once, got an object (Promise).',
      ),
    });
    await expect(broken.thenableWhen()).rejects.toThrow('at once, got an object.');
  });

  it('before the call it rejects, and the method does not run', async () => {
    await expect(broken.keylessBefore({})).rejects.toMatchObject({ code: 'CACHE_INVALID_KEY' });
    await expect(broken.failingBefore()).rejects.toThrow(new RangeError('of the selector'));
    expect(problems).toEqual([]);
  });
});
