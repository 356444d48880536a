import { pattern } from '../../src/definition/template.js';
import type { CacheSpec } from '../../src/definition/define-cache.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import { ManualLoader, type EngineUnderTest } from './engine.js';

type Fields = Partial<CacheSpec<readonly [id: string]>>;

/** Loads of what is there already, whatever store lies behind, with a clock that the test drives. */
export function describeRefresh(
  where: string,
  use: () => EngineUnderTest & { readonly clock: FakeClock },
): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const drained = () => use().runtime.engine.background.drain();
  const broken = () => Promise.reject(new Error('gone'));

  const isGone = (value: unknown) => value === 'gone';
  const gone: [string, Fields, unknown][] = [
    ['null, with a nullTtl of zero', { nullTtl: 0 }, null],
    ['a value whose ttl is zero', { ttl: (value) => (isGone(value) ? 0 : '1m') }, 'gone'],
    ['a value whose ttl is nonsense', { ttl: (value) => (isGone(value) ? ('soon' as never) : '1m') }, 'gone'],
    [
      'a value whose tags are nonsense',
      { tagsOf: (value) => (isGone(value) ? ('soon' as never) : []) },
      'gone',
    ],
    ['a value without a stored form', {}, () => 'gone'],
  ];

  describe(`loading anew ${where}`, () => {
    describe.each(gone)('that gives %s', (_, fields, value) => {
      it('leaves nothing of the old value after a refresh', async () => {
        const cache = cacheOf(fields);
        await cache.set(['1'], 'old');
        expect(await cache.refresh(['1'], () => value)).toBe(value);
        expect(await cache.lookup('1')).toEqual({ hit: false });
      });

      it('ends a stale entry', async () => {
        const cache = cacheOf({ ...fields, staleWhileRevalidate: '1h' });
        await cache.set(['1'], 'old');
        use().clock.advance('2m');
        expect(await cache.getOrLoad(['1'], () => value)).toBe('old');
        await drained();
        expect(await cache.lookup('1')).toEqual({ hit: false });
      });

      it('ends what was kept for errors', async () => {
        const cache = cacheOf({ ...fields, staleIfError: '1h' });
        await cache.set(['1'], 'old');
        use().clock.advance('2m');
        expect(await cache.getOrLoad(['1'], () => value)).toBe(value);
        await expect(cache.getOrLoad(['1'], broken)).rejects.toThrow('gone');
      });
    });

    it('that gives what storeIf refuses leaves the old value as it is', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      expect(await cache.refresh(['1'], () => 'new', { storeIf: () => false })).toBe('new');
      expect(await cache.get('1')).toBe('old');
    });

    it('is what is read afterwards, whatever else was evicted meanwhile', async () => {
      const cache = cacheOf<string>();
      await cache.getOrLoad(['1'], () => 'old');
      await cache.refresh(['1'], async () => {
        await use().runtime.engine.writes.evictMatching(pattern`unrelated:*`);
        return 'new';
      });
      expect(await cache.get('1')).toBe('new');
    });

    it('leaves nothing when the key was evicted meanwhile', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      await cache.refresh(['1'], async () => {
        await cache.evict('1');
        return 'from before the eviction';
      });
      expect(await cache.lookup('1')).toEqual({ hit: false });
    });

    it('ahead of time, with a source that is broken, is tried once for all who ask at the same time', async () => {
      const cache = cacheOf<string>({ ttl: '100s', refreshAhead: 0.5 });
      await cache.set(['1'], 'old');
      use().clock.advance('60s');
      let asked = 0;
      const load = () => {
        asked += 1;
        return broken();
      };
      const served = await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad(['1'], load)));
      await drained();
      expect(new Set(served)).toEqual(new Set(['old']));
      expect(asked).toBe(1);
    });

    it('does not pause after a load that succeeded', async () => {
      const cache = cacheOf<string>({ ttl: '1s', staleWhileRevalidate: '1h' });
      await cache.set(['1'], 'old');
      for (let i = 0; i < 6; i++) {
        use().clock.advance('31s');
        await cache.getOrLoad(['1'], broken);
        await drained();
      }
      await cache.evict('1');
      expect(await cache.getOrLoad(['1'], () => 'good')).toBe('good');
      use().clock.advance('2s');
      expect(await cache.getOrLoad(['1'], () => 'better')).toBe('good');
      await drained();
      expect(await cache.get('1')).toBe('better');
    });

    it('is waited for no longer than the hard timeout, though the soft one is longer', async () => {
      const cache = cacheOf<string>({
        ttl: '1s',
        staleIfError: '1h',
        softTimeout: '1h',
        hardTimeout: 20,
      });
      await cache.set(['1'], 'old');
      use().clock.advance('2s');
      const loader = new ManualLoader<string>();
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('old');
      loader.calls[0]!.resolve('new');
      await drained();
      expect(await cache.get('1')).toBe('new');
    });

    it('is waited for when the hard timeout is longer than any timer', async () => {
      const cache = cacheOf<string>({ hardTimeout: '30d' });
      const loader = new ManualLoader<string>();
      const waiting = cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      // Time for the timer that would be taken for one of 1 ms.
      setTimeout(() => loader.calls[0]!.resolve('value'), 20);
      expect(await waiting).toBe('value');
    });

    it('in the background adds nothing to a record of reads that is over', async () => {
      const cache = cacheOf<string>({ ttl: '1s', staleWhileRevalidate: '1h' });
      const nested = cacheOf<string>();
      await cache.set(['1'], 'old');
      use().clock.advance('2s');
      const loader = new ManualLoader<string>();
      const { trace } = use().runtime;
      const { reads } = await trace.run(() =>
        cache.getOrLoad(['1'], async () => {
          const value = await loader.load();
          await nested.getOrLoad(['nested'], () => value);
          return value;
        }),
      );
      await loader.called(1);
      const { reads: later } = await trace.run(async () => {
        loader.calls[0]!.resolve('new');
        await drained();
      });
      expect(await nested.get('nested')).toBe('new');
      expect(reads).toMatchObject([{ cache: cache.name, outcome: 'stale' }]);
      expect(later).toEqual([]);
    });
  });
}
