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
});
const details = defineCache({
  name: 'details',
  key: (id: string) => key`bot:${id}:details`,
  ttl: '5m',
});

@Injectable()
class Bots {
  readonly calls: string[] = [];

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

  private bot(id: string): Bot {
    return { id, org: 7, version: 1 };
  }
}

const start = useApps();
let app: TestingApp;
let service: Bots;

/** Which of these has to be computed anew. */
async function missing(...reads: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const before = service.calls.length;
  for (const read of reads) await read();
  return service.calls.slice(before);
}

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
