import { CacheService } from '../../src/cache.service.js';
import type { Cache } from '../../src/cache-handle.js';
import { pattern, tag } from '../../src/definition/template.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import type { CacheLoad } from '../../src/engine/events.js';
import { Gate, ManualLoader, type EngineUnderTest } from './engine.js';

type Items = Cache<readonly [id: string], string>;

/** What a cache that is enabled and disabled while it runs must come to. Run in memory and on Redis. */
export function describeSwitches(
  where: string,
  use: () => EngineUnderTest & { readonly clock: FakeClock },
): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const service = () => new CacheService(use().runtime);
  const upper = (missing: readonly (readonly [id: string])[]) => missing.map(([id]) => id.toUpperCase());

  describe(`switches ${where}`, () => {
    it('a cache that is disabled passes every read by, and serves again what it has when it is enabled', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'stored');
      await service().disable(cache.name);
      use().reads.length = 0;
      expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
      expect(await cache.getOrLoadMany([['1'], ['2']], upper)).toEqual(['1', '2']);
      expect(await cache.get('1')).toBeUndefined();
      expect(await cache.getMany([['1']])).toEqual([undefined]);
      expect(await cache.lookup('1')).toEqual({ hit: false });
      expect(await cache.has('1')).toBe(false);
      expect(await cache.touch(['1'])).toBe(false);
      expect(use().reads.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => 'bypass'));
      expect(service().stats().caches[cache.name]).toMatchObject({ enabled: false, bypasses: 7 });

      await service().enable(cache.name);
      expect(service().stats().caches[cache.name]).toMatchObject({ enabled: true });
      expect(await cache.getMany([['1'], ['2']])).toEqual(['stored', undefined]);
    });

    it('loads of a cache that is disabled are told, and of one call for many each once', async () => {
      const cache = cacheOf<string>();
      await service().disable(cache.name);
      const told: CacheLoad[] = [];
      const stop = use().runtime.events.loads.subscribe((load) => told.push(load));
      const failure = new Error('the loader fails');
      const fail = () => {
        throw failure;
      };
      await cache.getOrLoad(['1'], () => 'loaded');
      await cache.refresh(['2'], () => 'loaded');
      await expect(cache.getOrLoad(['3'], fail)).rejects.toBe(failure);
      await cache.getOrLoadMany([['4'], ['5'], ['4']], upper);
      await expect(cache.getOrLoadMany([['6']], fail)).rejects.toBe(failure);
      stop();
      expect(told.map(({ key, failed }) => [key, failed])).toEqual([
        ['item:1', false],
        ['item:2', false],
        ['item:3', true],
        ['item:4', false],
        ['item:5', false],
        ['item:6', true],
      ]);
    });

    it('the other caches go on', async () => {
      const [off, on] = [cacheOf<string>(), cacheOf<string>()];
      await on.set(['1'], 'stored');
      await service().disable(off.name);
      expect(await on.get('1')).toBe('stored');
      expect(service().stats().caches[on.name]).toMatchObject({ enabled: true });
    });

    it('what is put while it is disabled is stored nowhere, and what was there is gone', async () => {
      const cache = cacheOf<string>();
      await cache.setMany([
        [['1'], 'old'],
        [['2'], 'old'],
        [['3'], 'old'],
      ]);
      await service().disable(cache.name);
      await cache.set(['1'], 'new');
      await cache.setMany([[['2'], 'new']]);
      expect(await cache.refresh(['3'], () => 'new')).toBe('new');
      await service().enable(cache.name);
      expect(await cache.getMany([['1'], ['2'], ['3']])).toEqual([undefined, undefined, undefined]);
    });

    it('a refresh that is told to pass a disabled cache by leaves it as it is', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'stored');
      await service().disable(cache.name);
      await cache.refresh(['1'], () => 'new', { bypass: true });
      await service().enable(cache.name);
      expect(await cache.get('1')).toBe('stored');
    });

    it.each<[string, (cache: Items) => Promise<unknown>]>([
      ['of a key', (cache) => Promise.all([cache.evict('1'), cache.evict('2')])],
      ['of many keys', (cache) => cache.evictMany([['1'], ['2']])],
      ['of a tag', () => service().evictTags(tag`items`)],
      ['of a pattern', () => service().evictPattern(pattern`item:*`)],
      ['of the cache', (cache) => cache.clear()],
      ['of everything', () => service().clear()],
    ])(
      'an eviction %s while it is disabled is final, for what is stored and what is being loaded',
      async (_, evict) => {
        const cache = cacheOf<string>({ tags: () => [tag`items`] });
        const loader = new ManualLoader<string>();
        const loading = cache.getOrLoad(['2'], loader.load);
        await loader.called(1);
        await cache.set(['1'], 'old');
        await service().disable(cache.name);
        await evict(cache);
        await service().enable(cache.name);
        expect(await cache.get('1')).toBeUndefined();
        loader.calls[0]!.resolve('old');
        expect(await loading).toBe('old');
        expect(await cache.get('2')).toBeUndefined();
      },
    );

    it('a load that was under way when it was disabled is stored, and served when it is enabled', async () => {
      const cache = cacheOf<string>();
      const loader = new ManualLoader<string>();
      const loading = cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      await service().disable(cache.name);
      expect(await cache.getOrLoad(['1'], () => 'of its own')).toBe('of its own');
      loader.calls[0]!.resolve('loaded');
      expect(await loading).toBe('loaded');
      await service().enable(cache.name);
      expect(await cache.get('1')).toBe('loaded');
    });

    it('a read that was under way when it was disabled begins no refresh in the background', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1m' });
      await cache.setMany([
        [['1'], 'old'],
        [['2'], 'old'],
      ]);
      use().clock.advance('90s');
      let loads = 0;
      const load = () => {
        loads += 1;
        return 'new';
      };
      const reads = [
        cache.getOrLoad(['1'], load),
        cache.getOrLoadMany([['2']], () => [load()]).then(([value]) => value),
      ];
      await service().disable(cache.name);
      expect(await Promise.all(reads)).toEqual(['old', 'old']);
      await use().runtime.engine.background.drain();
      expect(loads).toBe(0);
      await service().enable(cache.name);
      expect(await cache.getOrLoad(['1'], load)).toBe('old');
      await use().runtime.engine.background.drain();
      expect(loads).toBe(1);
    });

    it('a refresh that begins while it is disabled leaves nothing old, even if it is enabled meanwhile', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      await service().disable(cache.name);
      const gate = new Gate<string>();
      const refreshing = cache.refresh(['1'], () => gate.promise);
      await service().enable(cache.name);
      gate.resolve('new');
      expect(await refreshing).toBe('new');
      expect(await cache.get('1')).toBeUndefined();
    });

    it('enabling at run time wins over what the definition says', async () => {
      const cache = cacheOf<string>({ enabled: false });
      expect(service().stats().caches[cache.name]).toMatchObject({ enabled: false });
      await service().enable(cache.name);
      await cache.set(['1'], 'stored');
      expect(await cache.get('1')).toBe('stored');
    });

    it('a name that no cache has is refused, with the names that there are', async () => {
      const cache = cacheOf();
      for (const turn of [service().disable('nobody'), service().enable('nobody')]) {
        await expect(turn).rejects.toMatchObject({
          code: 'CACHE_INVALID_USE',
          message: expect.stringMatching(new RegExp(`\`${cache.name}\`.*got \`nobody\``)),
        });
      }
      await expect(service().disable(undefined as never)).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringContaining('got undefined'),
      });
    });

    it('tells of each change once', async () => {
      const cache = cacheOf();
      const told: boolean[] = [];
      use().runtime.events.switches.subscribe(({ enabled }) => told.push(enabled));
      await service().disable(cache.name);
      await service().disable(cache.name);
      await service().enable(cache.name);
      expect(told).toEqual([false, true]);
    });
  });
}
