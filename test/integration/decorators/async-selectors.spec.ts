import { Injectable } from '@nestjs/common';
import {
  CacheEvict,
  CachePut,
  CacheService,
  Cacheable,
  CacheableMany,
  defineCache,
  key,
  pattern,
  tag,
} from 'nestjs-roost';
import { useApps, type TestingApp } from './support/testing-app.js';

const byId = defineCache({
  name: 'by-id',
  key: (id: string) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const ids: Record<string, string> = { robo: '1', clippy: '2' };

@Injectable()
class Bots {
  readonly done: string[] = [];
  calls = 0;
  gate: Promise<void> = Promise.resolve();

  @Cacheable(byId, async (name: string) => [ids[name] ?? 'none'])
  async find(name: string): Promise<string> {
    this.calls += 1;
    return name;
  }

  @Cacheable(byId, async function (this: Bots, name: string) {
    return [await this.lookUp(name)];
  })
  async withThis(name: string): Promise<string> {
    return name;
  }

  @CacheableMany(byId, async (name: string) => [ids[name] ?? 'none'])
  async findAll(names: readonly string[]): Promise<string[]> {
    this.calls += 1;
    return [...names];
  }

  @CachePut({ cache: byId, select: async (result: string) => [ids[result] ?? 'none'] })
  async put(name: string): Promise<string> {
    return name;
  }

  @CacheEvict({ cache: byId, select: async (_result: void, name: string) => [ids[name] ?? 'none'] })
  async evictOne(_name: string): Promise<void> {}

  @CacheEvict({ tags: async (_result: void, name: string) => [tag`bot:${ids[name] ?? 'none'}`] })
  async evictTags(_name: string): Promise<void> {}

  @CacheEvict({ pattern: async (_result: void, name: string) => pattern`bot:${ids[name] ?? 'none'}*` })
  async evictPattern(_name: string): Promise<void> {}

  @CacheEvict({ cache: byId, select: async (name: string) => [ids[name] ?? 'none'], before: true })
  async evictBefore(_name: string): Promise<string> {
    throw new Error('too late');
  }

  @CacheEvict({
    tags: async () => {
      throw new RangeError('nobody knows');
    },
    before: true,
  })
  async failingBefore(): Promise<void> {
    this.calls += 1;
  }

  @CacheEvict({ cache: byId, select: async () => Promise.reject<[string]>(new RangeError('nobody knows')) })
  @CacheEvict({ cache: byId, select: (_result: void, id: string) => [id] })
  async oneFails(_id: string): Promise<void> {}

  @CacheEvict({
    cache: byId,
    async select(this: Bots): Promise<[string]> {
      await this.gate;
      return ['1'];
    },
  })
  @CacheEvict({ cache: byId, select: async () => ['2'] })
  @CacheEvict({ tags: () => [tag`bot:3`] })
  async sideBySide(): Promise<void> {}

  @CacheEvict({ cache: byId, select: (async () => 'none') as unknown as () => [string], before: true })
  async wrongLater(): Promise<void> {}

  private async lookUp(name: string): Promise<string> {
    return ids[name] ?? 'none';
  }
}

describe('selectors that need time', () => {
  const start = useApps();
  const problems: string[] = [];
  let app: TestingApp;
  let bots: Bots;
  let caches: CacheService;

  beforeEach(async () => {
    problems.length = 0;
    app = await start({ providers: [Bots] });
    bots = app.get(Bots);
    caches = app.service;
    caches.reportProblem = (operation, error) => void problems.push(`${operation}: ${String(error)}`);
  });

  const cached = () => caches.cache(byId).getMany([['1'], ['2'], ['3']]);
  const fill = () =>
    caches.cache(byId).setMany([
      [['1'], 'a'],
      [['2'], 'b'],
      [['3'], 'c'],
    ]);

  it('find the entry of a @Cacheable', async () => {
    expect(await bots.find('robo')).toBe('robo');
    expect(await bots.find('robo')).toBe('robo');
    expect(bots.calls).toBe(1);
    expect(await cached()).toEqual(['robo', undefined, undefined]);
  });

  it('have the instance as `this`', async () => {
    await bots.withThis('clippy');
    expect(await cached()).toEqual([undefined, 'clippy', undefined]);
  });

  it('find the entries of a @CacheableMany', async () => {
    await bots.find('robo');
    expect(await bots.findAll(['clippy', 'robo'])).toEqual(['clippy', 'robo']);
    expect(await cached()).toEqual(['robo', 'clippy', undefined]);
  });

  it('find where a @CachePut stores', async () => {
    await bots.put('clippy');
    expect(await cached()).toEqual([undefined, 'clippy', undefined]);
  });

  it.each(['evictOne', 'evictTags', 'evictPattern'] as const)('tell what to evict: %s', async (method) => {
    await fill();
    await bots[method]('clippy');
    expect(await cached()).toEqual(['a', undefined, 'c']);
  });

  it('tell it before the call, too', async () => {
    await fill();
    await expect(bots.evictBefore('robo')).rejects.toThrow('too late');
    expect(await cached()).toEqual([undefined, 'b', 'c']);
  });

  it('fail the call when they reject before it', async () => {
    await expect(bots.failingBefore()).rejects.toThrow('nobody knows');
    expect(bots.calls).toBe(0);
  });

  it('are reported when they reject after it, and keep the others from nothing', async () => {
    await fill();
    await expect(bots.oneFails('2')).resolves.toBeUndefined();
    expect(problems).toEqual(['eviction after Bots.oneFails: RangeError: nobody knows']);
    expect(await cached()).toEqual(['a', undefined, 'c']);
  });

  it('do not wait for one another', async () => {
    await fill();
    let open!: () => void;
    bots.gate = new Promise((resolve) => (open = resolve));
    const evicting = bots.sideBySide();
    while ((await cached()).filter((value) => value !== undefined).length > 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await cached()).toEqual(['a', undefined, undefined]);
    open();
    await evicting;
    expect(await cached()).toEqual([undefined, undefined, undefined]);
  });

  it('are checked like those that answer at once', async () => {
    await expect(bots.wrongLater()).rejects.toThrow(
      'Expected `select` of Bots.wrongLater to return the arguments of cache `by-id` as an array, got a string.',
    );
  });
});
