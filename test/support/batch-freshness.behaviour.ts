import type { FakeClock } from '../../src/testing/fake-clock.js';
import { ManualLoader, type EngineUnderTest } from './engine.js';

type IdArgs = readonly [id: string];

/** How entries age that are read many at once, whatever store lies behind, with a clock that the test drives. */
export function describeBatchFreshness(
  where: string,
  use: () => EngineUnderTest & { readonly clock: FakeClock },
): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const ids = (...list: string[]): IdArgs[] => list.map((id) => [id]);
  const drained = () => use().runtime.engine.background.drain();

  /** A loader of many, whose calls are recorded. */
  function recording(answer: (missing: readonly IdArgs[]) => string[] | Promise<string[]>) {
    const calls: (readonly IdArgs[])[] = [];
    const load = (missing: readonly IdArgs[]) => {
      calls.push(missing);
      return answer(missing);
    };
    return { calls, load };
  }

  describe(`freshness of many at once ${where}`, () => {
    it('stale entries are served, and loaded anew in the background with one call', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '10m' });
      await cache.setMany(ids('a', 'b', 'c').map((args) => [args, 'old']));
      use().clock.advance('2m');
      const { calls, load } = recording((missing) => missing.map(() => 'new'));
      expect(await cache.getOrLoadMany(ids('c', 'a', 'b'), load)).toEqual(['old', 'old', 'old']);
      await drained();
      expect(calls).toEqual([ids('c', 'a', 'b')]);
      expect(await cache.getMany(ids('a', 'b', 'c'))).toEqual(['new', 'new', 'new']);
    });

    it('what somebody is refreshing already is not refreshed again', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '10m' });
      await cache.setMany(ids('a', 'b').map((args) => [args, 'old']));
      use().clock.advance('2m');
      const single = new ManualLoader<string>();
      await cache.getOrLoad(['a'], single.load);
      await single.called(1);
      const { calls, load } = recording((missing) => missing.map(() => 'new'));
      expect(await cache.getOrLoadMany(ids('a', 'b'), load)).toEqual(['old', 'old']);
      single.calls[0]!.resolve('from the single load');
      await drained();
      expect(calls).toEqual([ids('b')]);
      expect(await cache.getMany(ids('a', 'b'))).toEqual(['from the single load', 'new']);
    });

    it('with refreshAhead, what is late in its ttl is a hit and loaded anew with one call', async () => {
      const cache = cacheOf<string>({ ttl: '100s', refreshAhead: 0.8 });
      await cache.setMany(ids('a', 'b').map((args) => [args, 'old']));
      use().clock.advance('85s');
      const { calls, load } = recording((missing) => missing.map(() => 'new'));
      expect(await cache.getOrLoadMany(ids('a', 'b'), load)).toEqual(['old', 'old']);
      await drained();
      expect(calls).toEqual([ids('a', 'b')]);
      use().clock.advance('20s');
      expect(await cache.getOrLoadMany(ids('a', 'b'), load)).toEqual(['new', 'new']);
      expect(calls).toHaveLength(1);
    });

    it('what has something to fall back on is served when the load fails, and the source then left alone', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m' });
      await cache.setMany(ids('a', 'b').map((args) => [args, 'old']));
      use().clock.advance('2m');
      const { calls, load } = recording(() => Promise.reject(new Error('database gone')));
      expect(await cache.getOrLoadMany(ids('a', 'b'), load)).toEqual(['old', 'old']);
      expect(await cache.getOrLoadMany(ids('a', 'b'), load)).toEqual(['old', 'old']);
      expect(calls).toEqual([ids('a', 'b')]);
      expect(use().reads.map(({ outcome }) => outcome)).toEqual(['stale', 'stale', 'stale', 'stale']);
    });

    it('what has nothing to fall back on fails with the loader’s error, though others have', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m' });
      await cache.set(['a'], 'old');
      use().clock.advance('2m');
      const error = new Error('database gone');
      await expect(cache.getOrLoadMany(ids('a', 'none'), () => Promise.reject(error))).rejects.toBe(error);
      expect(use().runtime.engine.reads.inFlight).toBe(0);
    });

    it('a single reader who joins falls back as if it had loaded alone', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m' });
      await cache.set(['a'], 'old');
      use().clock.advance('2m');
      const loader = new ManualLoader<string[]>();
      const many = cache.getOrLoadMany(ids('a'), loader.load);
      await loader.called(1);
      const single = cache.getOrLoad(['a'], () => {
        throw new Error('the batch loads it');
      });
      loader.calls[0]!.reject(new Error('database gone'));
      expect(await single).toBe('old');
      expect(await many).toEqual(['old']);
    });

    it('past the soft timeout stale entries are served, while the load goes on and stores', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m', softTimeout: 20 });
      await cache.setMany(ids('a', 'b').map((args) => [args, 'old']));
      use().clock.advance('2m');
      const loader = new ManualLoader<string[]>();
      expect(await cache.getOrLoadMany(ids('a', 'b'), loader.load)).toEqual(['old', 'old']);
      expect(loader.calls).toHaveLength(1);
      loader.calls[0]!.resolve(['new a', 'new b']);
      await drained();
      expect(await cache.getMany(ids('a', 'b'))).toEqual(['new a', 'new b']);
    });

    it('past the hard timeout the caller, and who has joined, get an error that says so, while the load goes on and stores', async () => {
      const cache = cacheOf<string>({ hardTimeout: 20 });
      const loader = new ManualLoader<string[]>();
      const many = cache.getOrLoadMany(ids('a', 'b'), loader.load);
      const single = cache.getOrLoad(['a'], () => 'alone');
      const refusal = { code: 'CACHE_LOAD_TIMEOUT', cache: cache.name };
      const results = await Promise.allSettled([many, single]);
      for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: refusal });
      loader.calls[0]!.resolve(['late a', 'late b']);
      await drained();
      expect(await cache.getMany(ids('a', 'b'))).toEqual(['late a', 'late b']);
    });
  });
}
