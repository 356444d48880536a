import { tag, type CacheKey, pattern } from '../../src/definition/template.js';
import { ManualLoader, type EngineUnderTest } from './engine.js';
import { EVERYTHING, tagOfCache } from '../../src/engine/bound-cache.js';

/** What reads, puts and evictions must come to, whatever store lies behind. Run in memory and on Redis. */
export function describeReadThrough(where: string, use: () => EngineUnderTest): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const writes = () => use().runtime.engine.writes;
  const lastRead = () => use().reads.at(-1);
  const neverLoad = () => {
    throw new Error('the loader must not run');
  };

  describe(`reading through ${where}`, () => {
    describe('a load', () => {
      it('runs on a miss, and not on the hit after it', async () => {
        const cache = cacheOf();
        expect(await cache.getOrLoad(['1'], () => 'value')).toBe('value');
        expect(lastRead()).toMatchObject({
          cache: cache.name,
          key: 'item:1',
          outcome: 'miss',
          coalesced: false,
        });
        expect(await cache.getOrLoad(['1'], neverLoad)).toBe('value');
        expect(lastRead()).toMatchObject({ outcome: 'hit', tier: 'l1' });
      });

      it('runs once for all who ask at the same time', async () => {
        const cache = cacheOf<string>();
        const loader = new ManualLoader<string>();
        const callers = Array.from({ length: 100 }, () => cache.getOrLoad(['1'], loader.load));
        await loader.called(1);
        loader.calls[0]!.resolve('value');
        expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']));
        expect(loader.calls).toHaveLength(1);
        expect(use().reads.filter((read) => read.cache === cache.name && read.coalesced)).toHaveLength(99);
      });

      it('that fails gives every caller the same error, and stores nothing', async () => {
        const cache = cacheOf<string>();
        const loader = new ManualLoader<string>();
        const callers = Array.from({ length: 10 }, () => cache.getOrLoad(['1'], loader.load));
        await loader.called(1);
        const error = new Error('database gone');
        loader.calls[0]!.reject(error);
        for (const result of await Promise.allSettled(callers)) {
          expect(result.status === 'rejected' && result.reason === error).toBe(true);
        }
        const misses = use().reads.filter((read) => read.cache === cache.name && read.outcome === 'miss');
        expect(misses).toHaveLength(10);
        expect(await cache.has('1')).toBe(false);
        expect(await cache.getOrLoad(['1'], () => 'later')).toBe('later');
      });

      it('is not shared between two caches that make equal keys', async () => {
        const secrets = cacheOf<string>();
        const profiles = cacheOf<string>();
        const both = [secrets.getOrLoad(['1'], () => 'secret'), profiles.getOrLoad(['1'], () => 'profile')];
        expect(await Promise.all(both)).toEqual(['secret', 'profile']);
        expect(await secrets.getOrLoad(['1'], () => 'secret')).toBe('secret');
        expect(await profiles.getOrLoad(['1'], () => 'profile')).toBe('profile');
      });

      it('that throws at once rejects', async () => {
        const error = new Error('sync');
        await expect(
          cacheOf().getOrLoad(['1'], () => {
            throw error;
          }),
        ).rejects.toBe(error);
      });

      it('leaves no flight behind', async () => {
        const cache = cacheOf();
        await cache.getOrLoad(['1'], () => 1);
        await cache.getOrLoad(['2'], () => Promise.reject(new Error('x'))).catch(() => undefined);
        expect(use().runtime.engine.reads.inFlight).toBe(0);
      });
    });

    describe('values', () => {
      const values: [string, unknown][] = [
        ['undefined', undefined],
        ['null', null],
        ['zero', 0],
        ['minus zero', -0],
        ['NaN', NaN],
        ['false', false],
        ['an empty text', ''],
        ['a Date', new Date(1_700_000_000_123)],
        ['a Map', new Map<unknown, unknown>([[1, { a: new Set([1n]) }]])],
        ['a Set', new Set(['a', { b: 1 }])],
        ['a bigint', 2n ** 100n],
        [
          'typed arrays',
          {
            floats: new Float64Array([1.5, NaN]),
            bytes: new Uint8Array([0, 255]),
            big: new BigInt64Array([-1n]),
          },
        ],
        ['undefined in objects', { a: undefined, b: [undefined, null] }],
        [
          'nested objects',
          { bot: { id: 1, tags: ['x', 'y'], at: new Date(0), settings: { deep: { er: true } } } },
        ],
      ];

      it.each(values)('come back from every tier as they went in: %s', async (_, value) => {
        const cache = cacheOf();
        expect(await cache.getOrLoad(['1'], () => value)).toEqual(value);
        expect(await cache.getOrLoad(['1'], neverLoad)).toEqual(value);
        expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l1', value });
        const behind = cacheOf({ l1: false });
        expect(await behind.getOrLoad(['2'], () => value)).toEqual(value);
        const found = await behind.lookup('2');
        expect(found.hit && Object.is(typeof found.value, typeof value)).toBe(true);
        expect(found).toMatchObject({ hit: true, value });
      });

      it('cannot be changed by one caller for another', async () => {
        const cache = cacheOf<{ list: number[] }>();
        const loaded = { list: [1] };
        const [first, second] = await Promise.all([
          cache.getOrLoad(['1'], () => loaded),
          cache.getOrLoad(['1'], () => loaded),
        ]);
        first.list.push(2);
        expect(second.list).toEqual([1]);
        loaded.list.push(3);
        second.list.push(4);
        const hit = await cache.getOrLoad(['1'], neverLoad);
        expect(hit.list).toEqual([1]);
        hit.list.push(5);
        for (let read = 0; read < 8; read++) {
          const value = await cache.get('1');
          expect(value?.list).toEqual([1]);
          value?.list.push(6);
        }
      });

      it('that are not stored cannot be changed by one caller for another either', async () => {
        const cache = cacheOf<{ list: number[] }>();
        const never = { storeIf: () => false };
        const loader = new ManualLoader<{ list: number[] }>();
        const callers = Array.from({ length: 8 }, () => cache.getOrLoad(['1'], loader.load, never));
        await loader.called(1);
        loader.calls[0]!.resolve({ list: [1] });
        for (const { list } of await Promise.all(callers)) {
          expect(list).toEqual([1]);
          list.push(2);
        }
      });

      it('are one object for all callers of a shared cache', async () => {
        const cache = cacheOf<{ a: number }>({ isolation: 'share' });
        const loader = () => ({ a: 1 });
        const [first, second] = await Promise.all([
          cache.getOrLoad(['1'], loader),
          cache.getOrLoad(['1'], loader),
        ]);
        expect(first).toBe(second);
        const hit = await cache.getOrLoad(['1'], neverLoad);
        expect(hit).toEqual(first);
        expect(await cache.getOrLoad(['1'], neverLoad)).toBe(hit);
      });

      it('that have no stored form reach the caller, are not stored, and are told of', async () => {
        const cache = cacheOf();
        const value = { run: () => 1 };
        expect(await cache.getOrLoad(['1'], () => value)).toBe(value);
        expect(await cache.has('1')).toBe(false);
        expect(use().problems.at(-1)).toMatchObject({
          operation: 'store',
          error: { code: 'CACHE_UNCACHEABLE_VALUE' },
        });
        await expect(cache.set(['1'], value)).rejects.toMatchObject({ code: 'CACHE_UNCACHEABLE_VALUE' });
      });

      it('are class instances no more, on a miss as on a hit', async () => {
        class Bot {
          constructor(readonly id: number) {}
        }
        const cache = cacheOf<Bot>();
        const missed = await cache.getOrLoad(['1'], () => new Bot(1));
        const hit = await cache.getOrLoad(['1'], neverLoad);
        expect(missed).toStrictEqual({ id: 1 });
        expect(hit).toStrictEqual(missed);
      });
    });

    describe('by hand', () => {
      it('a cached undefined can be told from a miss', async () => {
        const cache = cacheOf();
        expect(await cache.lookup('1')).toEqual({ hit: false });
        await cache.set(['1'], undefined);
        expect(await cache.lookup('1')).toMatchObject({ hit: true, value: undefined, stale: false });
        expect(await cache.get('1')).toBeUndefined();
        expect(await cache.has('1')).toBe(true);
      });

      it('a set value replaces the old one, in every tier', async () => {
        const cache = cacheOf();
        await cache.getOrLoad(['1'], () => 'old');
        await cache.set(['1'], 'new');
        expect(await cache.get('1')).toBe('new');
        expect(await cacheOf({ name: cache.name + '-x' }).get('2')).toBeUndefined();
        expect(await cache.getOrLoad(['1'], neverLoad)).toBe('new');
      });

      it('a refresh loads and stores whatever is stored', async () => {
        const cache = cacheOf<string>();
        await cache.set(['1'], 'old');
        expect(await cache.refresh(['1'], () => 'new')).toBe('new');
        expect(await cache.get('1')).toBe('new');
      });

      it('a bypassed call runs the loader and leaves the entry alone', async () => {
        const cache = cacheOf<string>();
        await cache.set(['1'], 'stored');
        expect(await cache.getOrLoad(['1'], () => 'loaded', { bypass: true })).toBe('loaded');
        expect(lastRead()).toMatchObject({ outcome: 'bypass' });
        expect(await cache.get('1')).toBe('stored');
      });

      it('a value that storeIf refuses is returned and not stored', async () => {
        const cache = cacheOf<string>();
        expect(await cache.getOrLoad(['1'], () => 'no', { storeIf: (value) => value !== 'no' })).toBe('no');
        expect(await cache.has('1')).toBe(false);
      });

      it('a disabled cache passes every call by, and stores nothing', async () => {
        const cache = cacheOf<string>({ enabled: false });
        expect(await cache.getOrLoad(['1'], () => 'a')).toBe('a');
        expect(await cache.getOrLoad(['1'], () => 'b')).toBe('b');
        expect(lastRead()).toMatchObject({ outcome: 'bypass' });
        await cache.set(['1'], 'c');
        expect(await cache.has('1')).toBe(false);
      });

      it('a key that no template made is refused, and named by its cache', async () => {
        const cache = cacheOf({ name: 'handmade', key: (id) => `bot ${id}*` as CacheKey });
        await expect(cache.getOrLoad(['1'], () => 1)).rejects.toMatchObject({
          code: 'CACHE_INVALID_KEY',
          message: expect.stringContaining('handmade'),
        });
      });
    });

    describe('tags', () => {
      const foreign = ['item:1 ', 'item:*', '', 7] as never[];

      it('that no template made are refused, and named by their cache', async () => {
        for (const other of foreign) {
          const cache = cacheOf({ tags: () => [tag`fine`, other] });
          const refusal = { code: 'CACHE_INVALID_KEY', message: expect.stringContaining(cache.name) };
          await expect(cache.getOrLoad(['1'], () => 1)).rejects.toMatchObject(refusal);
          await expect(cache.set(['1'], 1)).rejects.toMatchObject(refusal);
        }
        await expect(cacheOf().getOrLoad(['1'], () => 1, { tags: 'item:1' as never })).rejects.toMatchObject({
          code: 'CACHE_INVALID_KEY',
        });
      });

      it('that only the value tells, wrongly, cost the entry and not the load', async () => {
        const failure = new TypeError('no organization');
        const wrong = [() => foreign, () => 'item:1' as never, () => Promise.resolve([]) as never, fail];
        function fail(): never {
          throw failure;
        }
        for (const tagsOf of wrong) {
          const cache = cacheOf<string>({ tagsOf });
          expect(await cache.getOrLoad(['1'], () => 'value')).toBe('value');
          expect(await cache.has('1')).toBe(false);
          expect(use().problems.at(-1)).toMatchObject({ operation: 'store' });
        }
        expect(use().problems.at(-1)!.error).toBe(failure);
      });

      it('that make a put fail leave nothing of the old value', async () => {
        const cache = cacheOf<string | null>({ tagsOf: (value) => [tag`first:${value!.slice(0, 1)}`] });
        await cache.set(['1'], 'old');
        await expect(cache.set(['1'], null)).rejects.toThrow(TypeError);
        expect(await cache.has('1')).toBe(false);
      });
    });

    describe('an eviction', () => {
      const evictions: [string, (id: string, name: string) => Promise<unknown>][] = [
        ['of the key', async (id, name) => use().runtime.engine.writes.evict(boundOf(name), [`item:${id}`])],
        ['of a tag', (id) => writes().evictTags([tag`item:${id}`])],
        ['of a pattern', (id) => writes().evictMatching(pattern`item:${id}*`)],
        ['of the cache', (_, name) => writes().evictTags([tagOfCache(name)])],
        ['of everything', () => writes().evictTags([EVERYTHING])],
      ];

      function boundOf(name: string) {
        return [...use().runtime.engine.caches].find((cache) => cache.name === name)!;
      }

      const tagged = () => cacheOf<string>({ tags: (id) => [tag`item:${id}`] });

      it.each(evictions)('%s makes the next read load', async (_, evict) => {
        const cache = tagged();
        await cache.getOrLoad(['1'], () => 'old');
        await evict('1', cache.name);
        expect(await cache.has('1')).toBe(false);
        expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
        expect(await cache.getOrLoad(['1'], neverLoad)).toBe('new');
      });

      it.each(evictions)('%s keeps a load that began before it out of every tier', async (_, evict) => {
        const cache = tagged();
        const loader = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], loader.load);
        await loader.called(1);
        await evict('1', cache.name);
        loader.calls[0]!.resolve('old');
        expect(await early).toBe('old');
        expect(await cache.lookup('1')).toEqual({ hit: false });
      });

      it.each(evictions)('%s lets no later reader join a load that began before it', async (_, evict) => {
        const cache = tagged();
        const loader = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], loader.load);
        await loader.called(1);
        await evict('1', cache.name);
        const late = cache.getOrLoad(['1'], loader.load);
        loader.calls[0]!.resolve('old');
        expect(await early).toBe('old');
        await loader.called(2);
        loader.calls[1]!.resolve('new');
        expect(await late).toBe('new');
        expect(await cache.get('1')).toBe('new');
      });

      it('by put keeps a load that began before it out of every tier', async () => {
        const cache = tagged();
        const loader = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], loader.load);
        await loader.called(1);
        await cache.set(['1'], 'put');
        loader.calls[0]!.resolve('old');
        expect(await early).toBe('old');
        expect(await cache.get('1')).toBe('put');
      });

      it('touches nothing else', async () => {
        const cache = tagged();
        const other = cacheOf<string>({ key: cacheKey('other'), tags: (id) => [tag`item:${id}0`] });
        for (const id of ['1', '10', '2']) {
          await cache.set([id], id);
          await other.set([id], id);
        }
        await writes().evictTags([tag`item:${'1'}`]);
        await cache.evict('2');
        expect(await cache.has('1')).toBe(false);
        expect(await cache.has('2')).toBe(false);
        expect(await cache.has('10')).toBe(true);
        for (const id of ['1', '10', '2']) expect(await other.has(id)).toBe(true);
        await cache.clear();
        expect(await cache.has('10')).toBe(false);
        for (const id of ['1', '10', '2']) expect(await other.has(id)).toBe(true);
      });
    });
  });
}

function cacheKey(prefix: string): (id: string) => CacheKey {
  return (id) => `${prefix}:${id}` as CacheKey;
}
