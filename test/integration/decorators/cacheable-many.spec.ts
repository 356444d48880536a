import { Injectable } from '@nestjs/common';
import { CacheEvict, CachePut, CacheService, CacheableMany, defineCache, key } from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';
import { useApps, type TestingApp } from './support/testing-app.js';

interface Bot {
  readonly id: string;
  readonly call: number;
}

const bots = defineCache<[id: string], Bot>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  nullTtl: '1m',
});
const pages = defineCache({
  name: 'pages',
  key: (org: number, page: number) => key`org:${org}:page:${page}`,
  ttl: '5m',
});
const disabled = defineCache({
  name: 'disabled',
  key: (id: string) => key`disabled:${id}`,
  ttl: '5m',
  enabled: false,
});
const lists = defineCache({ name: 'lists', key: (name: string) => key`list:${name}`, ttl: '5m' });

@Injectable()
class Bots {
  readonly asked: (readonly unknown[])[] = [];
  readonly known = new Set(['1', '2', '3', '4']);
  suffix = '';

  @CacheableMany(bots)
  async find(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids);
  }

  @CacheableMany(bots, undefined, { result: 'map' })
  async findMap(ids: readonly string[]): Promise<Map<string, Bot>> {
    const found = this.load(ids).filter(({ id }) => this.known.has(id));
    return new Map(found.toReversed().map((bot) => [bot.id, bot]));
  }

  @CacheableMany(pages)
  async pages(orgs: readonly number[], page: number): Promise<number[]> {
    this.asked.push([orgs, page]);
    return orgs.map((org) => org * 100 + page);
  }

  @CacheableMany(bots, function (this: Bots, id: number, _org: string) {
    return [`${id}${this.suffix}`];
  })
  async picked(ids: readonly number[], org: string): Promise<Bot[]> {
    return this.load(ids.map((id) => `${id}@${org}`));
  }

  @CacheableMany(bots, undefined, {
    when: (ids: readonly string[]) => ids.length < 3,
    unless: (value: Bot, id: string) => value.id === 'draft' || id === 'secret',
    ttl: '1m',
  })
  async conditional(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids);
  }

  @CacheableMany(bots, undefined, { result: 'map', unless: (bot: Bot) => bot.id === '1' })
  async conditionalMap(ids: readonly string[]): Promise<Map<string, Bot>> {
    return this.findMapOf(ids);
  }

  @CacheableMany(bots, undefined, { unless: (bot: Bot) => bot.id === '2' })
  @CachePut({ cache: lists, select: (_result: readonly Bot[], _ids: readonly string[]) => ['last'] })
  @CacheEvict({ cache: bots, select: () => ['3'] })
  async besideOthers(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids);
  }

  @CacheableMany(bots)
  @CacheEvict({ cache: bots, select: () => ['1'] })
  async findAndEvict(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids);
  }

  @CacheableMany(disabled)
  async uncached(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids);
  }

  @CacheableMany(bots)
  async tooFew(ids: readonly string[]): Promise<Bot[]> {
    return this.load(ids).slice(1);
  }

  @CacheableMany(bots, undefined, { result: 'map' })
  async noMap(ids: readonly string[]): Promise<Map<string, Bot>> {
    return this.load(ids) as unknown as Map<string, Bot>;
  }

  @CacheableMany(bots, (id: number) => [String(id)], { result: 'map' })
  async byText(ids: readonly number[]): Promise<Map<number, Bot>> {
    const found = this.load(ids.map(String)).map((bot) => [bot.id, bot] as const);
    return new Map(found) as unknown as Map<number, Bot>;
  }

  @CacheableMany(bots)
  async failing(_ids: readonly string[]): Promise<Bot[]> {
    throw new RangeError('down');
  }

  held: Promise<void> | undefined;

  @CacheableMany(bots)
  async findHeld(ids: readonly string[]): Promise<Bot[]> {
    const { held } = this;
    this.held = undefined;
    const found = this.load(ids);
    await held;
    return found;
  }

  @CacheableMany(bots)
  async chunked(ids: string[]): Promise<Bot[]> {
    const found: Bot[] = [];
    while (ids.length > 0) found.push(...this.load(ids.splice(0, 2)));
    return found;
  }

  @CacheableMany(bots, undefined, { result: 'map', when: (ids: readonly string[]) => ids.length < 4 })
  async sorted(ids: string[]): Promise<Map<string, Bot>> {
    ids.sort();
    return this.findMapOf(ids);
  }

  @CacheableMany(bots, undefined, { result: 'map' })
  @CachePut({ cache: lists, select: () => ['last'], unless: () => true })
  async sortedPut(ids: string[]): Promise<Map<string, Bot>> {
    ids.sort();
    return this.findMapOf(ids.splice(0));
  }

  @CacheableMany(bots, undefined, { result: 'map', when: () => false })
  async never(ids: readonly string[]): Promise<Map<string, Bot>> {
    return this.findMapOf(ids);
  }

  @CacheableMany(lists, ({ id }: { readonly id: string }) => [id])
  async byObject(ids: readonly { readonly id: string }[]): Promise<string[]> {
    this.asked.push(ids);
    return ids.map(({ id }) => id);
  }

  @CacheableMany(lists, ({ id }: { readonly id: string }) => [id], { when: () => false })
  async byObjectNever(ids: readonly { readonly id: string }[]): Promise<string[]> {
    this.asked.push(ids);
    return ids.map(({ id }) => id);
  }

  @CacheableMany(disabled, ({ id }: { readonly id: string }) => [id])
  async byObjectUncached(ids: readonly { readonly id: string }[]): Promise<string[]> {
    this.asked.push(ids);
    return ids.map(({ id }) => id);
  }

  @CacheableMany(lists, (id: string): [string] => JSON.parse(`${id}{`) as [string], { when: () => false })
  async withoutKeys(ids: readonly string[]): Promise<readonly string[]> {
    this.asked.push(ids);
    return ids;
  }

  private load(ids: readonly string[]): Bot[] {
    this.asked.push(ids);
    return ids.map((id) => ({ id, call: this.asked.length }));
  }

  private findMapOf(ids: readonly string[]): Map<string, Bot> {
    const found = this.load(ids).filter(({ id }) => this.known.has(id));
    return new Map(found.map((bot) => [bot.id, bot]));
  }
}

describe('@CacheableMany', () => {
  const start = useApps();
  const clock = new FakeClock();
  let app: TestingApp;
  let service: Bots;
  let caches: CacheService;

  beforeEach(async () => {
    app = await start({ providers: [Bots] }, { clock, defaults: { jitter: 0 } });
    service = app.get(Bots);
    caches = app.service;
  });

  const idsOf = (found: readonly Bot[]) => found.map(({ id, call }) => `${id}/${call}`);
  const stored = async (id: string) => (await caches.cache(bots).lookup(id)).hit;

  it('calls the method with the missing ids only, and keeps the order', async () => {
    expect(idsOf(await service.find(['2', '1']))).toEqual(['2/1', '1/1']);
    expect(idsOf(await service.find(['3', '1', '4', '2']))).toEqual(['3/2', '1/1', '4/2', '2/1']);
    expect(service.asked).toEqual([
      ['2', '1'],
      ['3', '4'],
    ]);
    await service.find(['4', '3', '2', '1']);
    expect(service.asked).toHaveLength(2);
  });

  it('shares the entries with whoever reads one by one', async () => {
    await caches.cache(bots).set(['1'], { id: '1', call: 0 });
    expect(idsOf(await service.find(['1', '2']))).toEqual(['1/0', '2/1']);
    expect(await caches.cache(bots).get('2')).toEqual({ id: '2', call: 1 });
  });

  it('asks once for an id that comes twice, and answers both with values of their own', async () => {
    const found = await service.find(['1', '2', '1']);
    expect(idsOf(found)).toEqual(['1/1', '2/1', '1/1']);
    expect(found[0]).not.toBe(found[2]);
    expect(service.asked).toEqual([['1', '2']]);
  });

  it('does not call the method for no ids', async () => {
    expect(await service.find([])).toEqual([]);
    expect(await service.findMap([])).toEqual(new Map());
    expect(await service.uncached([])).toEqual([]);
    expect(await service.never([])).toEqual(new Map());
    expect(service.asked).toEqual([]);
    // A put wants a result.
    expect(await service.besideOthers([])).toEqual([]);
    expect(service.asked).toEqual([[]]);
  });

  it('of a disabled cache calls the method with all ids', async () => {
    await service.uncached(['1', '2']);
    expect(idsOf(await service.uncached(['1', '2']))).toEqual(['1/2', '2/2']);
  });

  it.each([
    ['of a disabled cache', (ids: readonly string[]) => service.uncached(ids)],
    ['when `when` says no', async (ids: readonly string[]) => [...(await service.never(ids)).values()]],
    ['inside a transaction', (ids: readonly string[]) => caches.transaction(() => service.find(ids))],
    [
      'of a disabled cache inside a transaction',
      (ids: readonly string[]) => caches.transaction(() => service.uncached(ids)),
    ],
  ])('asks once for an id that comes twice, %s', async (_where, find) => {
    const found = await find(['2', '1', '2']);
    expect(service.asked).toEqual([['2', '1']]);
    expect(idsOf(found).slice(0, 2)).toEqual(['2/1', '1/1']);
    expect(found[2]?.id ?? 'a map has it once').toMatch(/^(2|a map .*)$/);
  });

  it('takes those ids for one that have one key', async () => {
    const ids = () => [{ id: '2' }, { id: '1' }, { id: '2' }];
    expect(await service.byObject(ids())).toEqual(['2', '1', '2']);
    expect(await service.byObjectUncached(ids())).toEqual(['2', '1', '2']);
    expect(await service.byObjectNever(ids())).toEqual(['2', '1', '2']);
    expect(service.asked).toEqual([
      [{ id: '2' }, { id: '1' }],
      [{ id: '2' }, { id: '1' }],
      [{ id: '2' }, { id: '1' }],
    ]);
  });

  it('needs no keys when `when` says no', async () => {
    expect(await service.withoutKeys(['1', '2', '1'])).toEqual(['1', '2', '1']);
    expect(service.asked).toEqual([['1', '2']]);
  });

  it('gives the cache the id and what the method takes behind the ids', async () => {
    expect(await service.pages([1, 2], 7)).toEqual([107, 207]);
    expect(await service.pages([2, 3], 7)).toEqual([207, 307]);
    expect(await service.pages([1], 8)).toEqual([108]);
    expect(service.asked).toEqual([
      [[1, 2], 7],
      [[3], 7],
      [[1], 8],
    ]);
    expect(await caches.cache(pages).get(3, 7)).toBe(307);
  });

  it('or what a selector picks, whose `this` is the instance', async () => {
    service.suffix = '!';
    await service.picked([1, 2], 'a');
    expect(await caches.cache(bots).get('1!')).toEqual({ id: '1@a', call: 1 });
    expect(idsOf(await service.picked([2, 3], 'b'))).toEqual(['2@a/1', '3@b/2']);
  });

  it('shares a load with another call that asks for the same id', async () => {
    const found = await Promise.all([service.find(['1', '2']), service.find(['2', '3'])]);
    expect(found.map(idsOf)).toEqual([
      ['1/1', '2/1'],
      ['2/1', '3/2'],
    ]);
    expect(service.asked).toEqual([['1', '2'], ['3']]);
  });

  it('asks once for all ids that another call is loading for too long', async () => {
    app = await start({ providers: [Bots] }, { lease: { wait: '50ms' } });
    service = app.get(Bots);
    let release = () => {};
    service.held = new Promise((resolve) => {
      release = resolve;
    });
    const other = service.findHeld(['1', '2']);
    expect(idsOf(await service.findHeld(['1', '3', '2']))).toEqual(['1/3', '3/2', '2/3']);
    expect(service.asked).toEqual([['1', '2'], ['3'], ['1', '2']]);
    release();
    expect(idsOf(await other)).toEqual(['1/1', '2/1']);
  });

  describe('with ids that change', () => {
    it('gives each its own value when the method takes its ids away', async () => {
      const ids = ['2', '1', '3'];
      expect(idsOf(await service.chunked(ids))).toEqual(['2/1', '1/1', '3/2']);
      expect(ids).toEqual(['2', '1', '3']);
      expect((await caches.cache(bots).get('2'))?.id).toBe('2');
    });

    it('or sorts them', async () => {
      const ids = ['2', '1'];
      expect([...(await service.sorted(ids))].map(([id, bot]) => [id, bot.id])).toEqual([
        ['2', '2'],
        ['1', '1'],
      ]);
      expect((await caches.cache(bots).get('2'))?.id).toBe('2');

      const many = ['4', '3', '2', '1'];
      expect([...(await service.sorted(many)).values()].map(({ id }) => id)).toHaveLength(4);
      expect(many).toEqual(['4', '3', '2', '1']);
    });

    it('beside a @CachePut, too', async () => {
      const ids = ['2', '1'];
      await service.sortedPut(ids);
      expect(ids).toEqual(['2', '1']);
      expect(await Promise.all(['1', '2'].map(async (id) => (await caches.cache(bots).get(id))?.id))).toEqual(
        ['1', '2'],
      );
    });

    it('or the caller changes its own meanwhile', async () => {
      const ids = ['2', '1'];
      const found = service.findMap(ids);
      ids.reverse().pop();
      expect([...(await found).keys()]).toEqual(['2', '1']);

      const more = ['3', '4'];
      const put = service.sortedPut(more);
      more.length = 0;
      await put;
      expect(await Promise.all(['3', '4'].map(stored))).toEqual([true, true]);
    });
  });

  describe('with a map', () => {
    it('gives the values by id, in the order of the ids', async () => {
      await service.findMap(['2']);
      const found = await service.findMap(['3', '2', '1', '3']);
      expect([...found.keys()]).toEqual(['3', '2', '1']);
      expect(found.get('2')).toEqual({ id: '2', call: 1 });
      expect(service.asked).toEqual([['2'], ['3', '1']]);
    });

    it('remembers what the method leaves out, for the nullTtl of the cache, and leaves it out', async () => {
      expect([...(await service.findMap(['1', 'none'])).keys()]).toEqual(['1']);
      expect([...(await service.findMap(['1', 'none'])).keys()]).toEqual(['1']);
      expect(service.asked).toHaveLength(1);
      expect(await stored('none')).toBe(true);

      clock.advance('1m');
      await service.findMap(['1', 'none']);
      expect(service.asked).toEqual([['1', 'none'], ['none']]);
    });

    it('does not ask `unless` about what is not there', async () => {
      await service.conditionalMap(['1', '2', 'none']);
      expect(await Promise.all(['1', '2', 'none'].map(stored))).toEqual([false, true, true]);
    });
  });

  describe('with conditions', () => {
    it('passes the cache by when `when` says no', async () => {
      await service.conditional(['1']);
      const { result, reads } = await caches.trace(() => service.conditional(['1', '2', '3']));
      expect(idsOf(result)).toEqual(['1/2', '2/2', '3/2']);
      expect(reads.map(({ outcome }) => outcome)).toEqual(['bypass', 'bypass', 'bypass']);
      expect(await stored('2')).toBe(false);
    });

    it('stores no value of which `unless` says so', async () => {
      await service.conditional(['draft', '1']);
      await service.conditional(['secret', '2']);
      expect(await Promise.all(['draft', 'secret', '1', '2'].map(stored))).toEqual([
        false,
        false,
        true,
        true,
      ]);
    });

    it('has entries that live as the method says', async () => {
      await service.conditional(['1']);
      clock.advance('1m');
      await service.conditional(['1']);
      expect(service.asked).toHaveLength(2);
    });
  });

  describe('beside others', () => {
    it('calls the method with all ids when there is a @CachePut, and stores each value', async () => {
      await service.find(['1']);
      expect(idsOf(await service.besideOthers(['1', '2', '4']))).toEqual(['1/2', '2/2', '4/2']);
      expect(service.asked[1]).toEqual(['1', '2', '4']);
      expect(await caches.cache(bots).get('1')).toEqual({ id: '1', call: 2 });
      expect(await Promise.all(['2', '4'].map(stored))).toEqual([false, true]);
      expect(await caches.cache(lists).get('last')).toHaveLength(3);
    });

    it('evicts when all were cached, too', async () => {
      await service.find(['1', '2']);
      await service.findAndEvict(['1', '2']);
      expect(service.asked).toHaveLength(1);
      expect(await Promise.all(['1', '2'].map(stored))).toEqual([false, true]);
    });
  });

  it('inside a transaction skips what it has evicted, and stores nothing', async () => {
    await service.find(['1', '2']);
    const found = await caches.transaction(async () => {
      await caches.cache(bots).evict('2');
      return [...(await service.findMap(['3', '2', '1'])).values()];
    });

    expect(idsOf(found)).toEqual(['3/2', '2/2', '1/1']);
    expect(await Promise.all(['1', '2', '3'].map(stored))).toEqual([true, false, false]);
    const { reads } = await caches.trace(() =>
      caches.transaction(() => service.conditional(['1', '2', '3'])),
    );
    expect(reads.map(({ outcome }) => outcome)).toEqual(['bypass', 'bypass', 'bypass']);
  });

  describe('refuses', () => {
    it('another number of values than ids', async () => {
      await expect(service.tooFew(['1', '2'])).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringMatching(
          /^Expected Bots\.tooFew to return an array of 2 values, one for each id in their order, got 1 values\./,
        ),
      });
      expect(await stored('1')).toBe(false);
    });

    it('an array in place of a map', async () => {
      await expect(service.noMap(['1'])).rejects.toThrow(
        'Expected Bots.noMap to return a Map of values by id, got an array.',
      );
    });

    it('a map by something else, of which nothing is remembered', async () => {
      await expect(service.byText([1, 2])).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringMatching(
          /^Expected Bots\.byText to return a Map by the ids that it was called with, got one that has none of them: the first id is a number, the first key a string\.\n/,
        ),
      });
      expect(await Promise.all(['1', '2'].map(stored))).toEqual([false, false]);
    });

    it('but not a map that is empty, or has some of the ids', async () => {
      service.known.delete('1');
      expect((await service.findMap(['1'])).size).toBe(0);
      expect((await service.findMap(['1', '2'])).size).toBe(1);
    });

    it('ids that are no array', async () => {
      await expect(service.find('1' as unknown as string[])).rejects.toThrow(
        'Expected Bots.find to be called with an array of ids, got a string.',
      );
    });
  });

  it('passes on the error of the method', async () => {
    await service.find(['1']);
    await expect(service.failing(['1', '2'])).rejects.toThrow(new RangeError('down'));
    expect(await service.failing(['1'])).toEqual([{ id: '1', call: 1 }]);
  });
});
