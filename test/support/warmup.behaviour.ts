import type { WarmupWish } from '../../src/engine/warmup-calls.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import { Gate, ManualLoader, type EngineUnderTest } from './engine.js';

/** What runs inside a warmup, whatever store lies behind, with a clock that the test drives. */
export function describeWarmup(
  where: string,
  use: () => EngineUnderTest & { readonly clock: FakeClock },
): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const clock = () => use().clock;
  const begin = (wish: Partial<WarmupWish> = {}) =>
    use().runtime.engine.warmup({ mode: 'refresh', since: clock().now(), share: 0.5, ...wish });
  const never = () => {
    throw new Error('not to be loaded');
  };

  describe(`a warmup ${where}`, () => {
    it('loads and stores anew what is there already', async () => {
      const cache = cacheOf<string>();
      await cache.getOrLoad(['1'], () => 'old');
      expect(await begin()(() => cache.getOrLoad(['1'], () => 'new'))).toBe('new');
      expect(await cache.getOrLoad(['1'], never)).toBe('new');
    });

    it('gives entries their whole ttl again', async () => {
      const cache = cacheOf<string>({ ttl: '1m' });
      await cache.set(['1'], 'old');
      clock().advance('50s');
      await begin()(() => cache.getOrLoad(['1'], () => 'new'));
      clock().advance('50s');
      expect(await cache.get('1')).toBe('new');
    });

    it('leaves what was loaded after it began, however often it is asked for', async () => {
      const cache = cacheOf<string>();
      const inside = begin();
      clock().advance('1s');
      await cache.getOrLoad(['1'], () => 'by a reader');
      expect(await inside(() => cache.getOrLoad(['1'], never))).toBe('by a reader');
    });

    it('loads once more what was loaded after it began and is past its ttl', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1h' });
      const inside = begin();
      clock().advance('1s');
      await cache.set(['1'], 'old');
      clock().advance('2m');
      expect(await inside(() => cache.getOrLoad(['1'], () => 'new'))).toBe('new');
    });

    it('loads what a load that began before it has stored', async () => {
      const cache = cacheOf<string>();
      const loader = new ManualLoader<string>();
      const reading = cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      // The fake clock stands still while the load takes its time: an end after the begin, a start before it.
      await new Promise((resolve) => setImmediate(resolve));
      const inside = begin({ since: clock().now() - 1e-3 });
      loader.calls[0]?.resolve('read before');
      await reading;
      expect(await inside(() => cache.getOrLoad(['1'], () => 'new'))).toBe('new');
    });

    it('loads once what several of its items ask for at the same time', async () => {
      const cache = cacheOf<string>();
      const inside = begin();
      clock().advance('1s');
      const loader = new ManualLoader<string>();
      const both = ['1', '1'].map((id) => inside(() => cache.getOrLoad([id], loader.load)));
      await loader.called(1);
      loader.calls[0]?.resolve('loaded');
      expect(await Promise.all(both)).toEqual(['loaded', 'loaded']);
      expect(loader.calls).toHaveLength(1);
    });

    it('tries for the second item what has failed for the first', async () => {
      const cache = cacheOf<string>();
      const inside = begin();
      const loader = new ManualLoader<string>();
      const [first, second] = ['1', '1'].map((id) => inside(() => cache.getOrLoad([id], loader.load)));
      await loader.called(1);
      loader.calls[0]?.reject(new Error('gone'));
      await expect(first).rejects.toThrow('gone');
      await loader.called(2);
      loader.calls[1]?.resolve('loaded');
      expect(await second).toBe('loaded');
    });

    it('reads as ever what a loader reads in turn', async () => {
      const cache = cacheOf<string>();
      await cache.set(['inner'], 'stored');
      const value = await begin()(() =>
        cache.getOrLoad(['outer'], async () => `made of ${await cache.getOrLoad(['inner'], never)}`),
      );
      expect(value).toBe('made of stored');
    });

    it('keeps the old entry when its load fails', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      const failure = new Error('gone');
      await expect(begin()(() => cache.getOrLoad(['1'], () => Promise.reject(failure)))).rejects.toBe(
        failure,
      );
      expect(await cache.get('1')).toBe('old');
    });

    it('stores nothing over an eviction', async () => {
      const cache = cacheOf<string>();
      const loader = new ManualLoader<string>();
      const warming = begin()(() => cache.getOrLoad(['1'], loader.load));
      await loader.called(1);
      await cache.evict('1');
      loader.calls[0]?.resolve('read before the eviction');
      expect(await warming).toBe('read before the eviction');
      expect(await cache.get('1')).toBeUndefined();
    });

    it('does not concern what runs beside it', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'stored');
      const hold = new Gate<void>();
      const running = begin()(async () => hold.promise);
      expect(await cache.getOrLoad(['1'], never)).toBe('stored');
      hold.resolve();
      await running;
    });

    it('lets all else through: reads, puts, touches, evictions', async () => {
      const cache = cacheOf<string>();
      await begin()(async () => {
        await cache.set(['1'], 'put');
        expect(await cache.get('1')).toBe('put');
        expect(await cache.getMany([['1'], ['2']])).toEqual(['put', undefined]);
        expect(await cache.touch(['1'])).toBe(true);
        expect(await cache.refresh(['2'], () => 'refreshed')).toBe('refreshed');
        await cache.evict('1');
      });
      expect(await cache.getMany([['1'], ['2']])).toEqual([undefined, 'refreshed']);
    });

    it('counts no reads: the hit ratio is that of callers', async () => {
      const cache = cacheOf<string>();
      use().reads.length = 0;
      await begin()(async () => {
        await cache.getOrLoad(['1'], () => 'loaded');
        await cache.getOrLoadMany([['2']], () => ['loaded']);
      });
      expect(use().reads).toEqual([]);
    });

    it('leaves a disabled cache alone', async () => {
      const cache = cacheOf<string>({ enabled: false });
      await begin()(async () => {
        expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
        expect(await cache.getOrLoadMany([['1']], () => ['loaded'])).toEqual(['loaded']);
      });
      expect(use().reads.map(({ outcome }) => outcome)).toEqual(['bypass', 'bypass']);
    });

    it('respects what a call says of storing', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      const overrides = { storeIf: (value: string) => value !== 'unwanted' };
      await begin()(() => cache.getOrLoad(['1'], () => 'unwanted', overrides));
      expect(await cache.get('1')).toBe('old');
      await begin()(() => cache.getOrLoad(['1'], () => 'passed by', { bypass: true }));
      expect(await cache.get('1')).toBe('old');
    });

    describe('that fills', () => {
      const fill = (share = 0.5) => begin({ mode: 'fill', share });

      it('loads what is missing, or has less than its share of the ttl left', async () => {
        const cache = cacheOf<string>({ ttl: '100s' });
        await cache.set(['early'], 'old');
        clock().advance('40s');
        await cache.set(['late'], 'old');
        clock().advance('20s');
        const loaded: string[] = [];
        await fill()(async () => {
          for (const id of ['early', 'late', 'missing']) {
            await cache.getOrLoad([id], () => {
              loaded.push(id);
              return 'new';
            });
          }
        });
        expect(loaded).toEqual(['early', 'missing']);
      });

      it('leaves what never expires', async () => {
        const cache = cacheOf<string>({ ttl: 'forever' });
        await cache.set(['1'], 'old');
        clock().advance('7d');
        expect(await fill(1)(() => cache.getOrLoad(['1'], never))).toBe('old');
      });

      it('does not take what is stale for warm', async () => {
        const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1h' });
        await cache.set(['1'], 'old');
        clock().advance('2m');
        expect(await fill(0)(() => cache.getOrLoad(['1'], () => 'new'))).toBe('new');
      });
    });

    describe('of many keys', () => {
      it('loads with one call what is to be loaded, in the order of the list', async () => {
        const cache = cacheOf<string>();
        await cache.set(['1'], 'old');
        const inside = begin();
        clock().advance('1s');
        await cache.set(['2'], 'put since');
        const calls: unknown[] = [];
        const values = await inside(() =>
          cache.getOrLoadMany([['3'], ['2'], ['1'], ['3']], (missing) => {
            calls.push(missing);
            return missing.map(([id]) => `new ${id}`);
          }),
        );
        expect(values).toEqual(['new 3', 'put since', 'new 1', 'new 3']);
        expect(calls).toEqual([[['3'], ['1']]]);
        expect(await cache.getMany([['1'], ['2'], ['3']])).toEqual(['new 1', 'put since', 'new 3']);
      });

      it('loads nothing when all is warm', async () => {
        const cache = cacheOf<string>();
        await cache.setMany([
          [['1'], 'one'],
          [['2'], 'two'],
        ]);
        const fill = begin({ mode: 'fill', share: 0.5 });
        expect(await fill(() => cache.getOrLoadMany([['1'], ['2']], never))).toEqual(['one', 'two']);
      });

      it('reads as ever what the loader reads in turn', async () => {
        const cache = cacheOf<string>();
        await cache.set(['1'], 'stored');
        const values = await begin()(() =>
          cache.getOrLoadMany([['2']], async () => [`made of ${await cache.getOrLoad(['1'], never)}`]),
        );
        expect(values).toEqual(['made of stored']);
      });
    });
  });
}
