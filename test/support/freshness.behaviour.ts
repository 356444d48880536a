import { key, type CacheKey } from '../../src/definition/template.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import { ManualLoader, type EngineUnderTest } from './engine.js';

/** How entries age, whatever store lies behind. Run in memory and on Redis, with a clock that the test drives. */
export function describeFreshness(
  where: string,
  use: () => EngineUnderTest & { readonly clock: FakeClock },
): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const lastRead = () => use().reads.at(-1);
  const drained = () => use().runtime.engine.background.drain();

  describe(`freshness ${where}`, () => {
    it('an entry is fresh until its ttl is over', async () => {
      const cache = cacheOf<string>({ ttl: '5m' });
      await cache.getOrLoad(['1'], () => 'old');
      use().clock.advance('4.99m');
      expect(await cache.getOrLoad(['1'], () => 'new')).toBe('old');
      use().clock.advance('1s');
      expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
      expect(lastRead()).toMatchObject({ outcome: 'miss' });
    });

    it('an entry for ever stays', async () => {
      const cache = cacheOf<string>({ ttl: 'forever' });
      await cache.set(['1'], 'kept');
      use().clock.advance('520w');
      expect(await cache.get('1')).toBe('kept');
    });

    it('jitter only ever shortens, by its share at most', async () => {
      const cache = cacheOf<string>({ ttl: '100s', jitter: 0.5 });
      const ids = Array.from({ length: 100 }, (_, i) => String(i));
      for (const id of ids) await cache.set([id], id);
      use().clock.advance('49.9s');
      for (const id of ids) expect(await cache.has(id)).toBe(true);
      use().clock.advance('25s');
      const left = await Promise.all(ids.map((id) => cache.has(id)));
      expect(new Set(left)).toEqual(new Set([true, false]));
      use().clock.advance('25.1s');
      for (const id of ids) expect(await cache.has(id)).toBe(false);
    });

    it('null and undefined live for 30 seconds at most unless told otherwise', async () => {
      const usual = cacheOf({ ttl: '5m' });
      const short = cacheOf({ ttl: '10s', key: keyOf('short') });
      const longer = cacheOf({ ttl: '10s', nullTtl: '2m', key: keyOf('longer') });
      for (const cache of [usual, short, longer]) await cache.getOrLoad(['1'], () => null);
      use().clock.advance('9s');
      expect([await usual.has('1'), await short.has('1'), await longer.has('1')]).toEqual([true, true, true]);
      use().clock.advance('2s');
      expect([await usual.has('1'), await short.has('1'), await longer.has('1')]).toEqual([
        true,
        false,
        true,
      ]);
      use().clock.advance('20s');
      expect([await usual.has('1'), await longer.has('1')]).toEqual([false, true]);
      use().clock.advance('2m');
      expect(await longer.has('1')).toBe(false);
    });

    it('nullTtl 0 does not store null, and stores everything else', async () => {
      const cache = cacheOf({ nullTtl: 0 });
      await cache.getOrLoad(['1'], () => null);
      expect(await cache.has('1')).toBe(false);
      await cache.getOrLoad(['1'], () => 0);
      expect(await cache.has('1')).toBe(true);
    });

    it('the value can tell its own ttl', async () => {
      const cache = cacheOf<{ expiresIn: number }>({ ttl: (token) => token.expiresIn - 1_000 });
      await cache.set(['1'], { expiresIn: 10_000 });
      await cache.set(['over'], { expiresIn: 500 });
      expect(await cache.has('over')).toBe(false);
      use().clock.advance('8.9s');
      expect(await cache.has('1')).toBe(true);
      use().clock.advance('200ms');
      expect(await cache.has('1')).toBe(false);
    });

    it('a ttl of zero stores nothing, and puts out what was stored', async () => {
      const cache = cacheOf<number>({ ttl: (seconds) => seconds * 1_000 });
      await cache.set(['1'], 5);
      await cache.set(['1'], 0);
      expect(await cache.has('1')).toBe(false);
      expect(await cache.getOrLoad(['1'], () => -3)).toBe(-3);
      expect(await cache.has('1')).toBe(false);
    });

    it('a ttl of zero stores null neither', async () => {
      const cache = cacheOf({ ttl: 0, nullTtl: '10s' });
      expect(await cache.getOrLoad(['1'], () => null)).toBeNull();
      expect(await cache.has('1')).toBe(false);
    });

    it('a ttl function that returns nonsense costs the entry, not the call', async () => {
      const cache = cacheOf<string>({ ttl: () => 'soon' as never });
      expect(await cache.getOrLoad(['1'], () => 'value')).toBe('value');
      expect(await cache.has('1')).toBe(false);
      expect(use().problems.at(-1)).toMatchObject({
        operation: 'store',
        error: { code: 'CACHE_INVALID_OPTION' },
      });
    });

    it('one call can set another ttl', async () => {
      const cache = cacheOf<string>({ ttl: '5m' });
      await cache.getOrLoad(['1'], () => 'value', { ttl: '10s' });
      use().clock.advance('11s');
      expect(await cache.has('1')).toBe(false);
    });

    it('a stale entry is served while one refresh runs, and then the new one', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1m' });
      await cache.set(['1'], 'old');
      use().clock.advance('90s');
      const loader = new ManualLoader<string>();
      const served = await Promise.all(Array.from({ length: 10 }, () => cache.getOrLoad(['1'], loader.load)));
      expect(new Set(served)).toEqual(new Set(['old']));
      expect(lastRead()).toMatchObject({ outcome: 'stale' });
      expect(await cache.lookup('1')).toMatchObject({ hit: true, stale: true, value: 'old' });
      await loader.called(1);
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('old');
      loader.calls[0]!.resolve('new');
      await drained();
      expect(loader.calls).toHaveLength(1);
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('new');
      expect(lastRead()).toMatchObject({ outcome: 'hit' });
    });

    it('a refresh that fails in the background is told of, and harms nobody', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1m' });
      await cache.set(['1'], 'old');
      use().clock.advance('90s');
      const error = new Error('database gone');
      expect(await cache.getOrLoad(['1'], () => Promise.reject(error))).toBe('old');
      await drained();
      expect(use().problems.at(-1)).toEqual({ operation: 'refresh', error });
      use().clock.advance('2s');
      expect(await cache.getOrLoad(['1'], () => Promise.resolve('new'))).toBe('old');
      await drained();
      expect(await cache.get('1')).toBe('new');
    });

    it('a refresh yields to an eviction', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1m' });
      await cache.set(['1'], 'old');
      use().clock.advance('90s');
      const loader = new ManualLoader<string>();
      await cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      await cache.evict('1');
      loader.calls[0]!.resolve('older than the eviction');
      await drained();
      expect(await cache.has('1')).toBe(false);
    });

    it('past its stale window an entry is a miss', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleWhileRevalidate: '1m' });
      await cache.set(['1'], 'old');
      use().clock.advance('121s');
      expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
      expect(lastRead()).toMatchObject({ outcome: 'miss' });
    });

    it('an entry is served when its reload fails within staleIfError, and only then', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m' });
      await cache.set(['1'], 'old');
      use().clock.advance('5m');
      expect(await cache.get('1')).toBeUndefined();
      expect(await cache.getOrLoad(['1'], () => Promise.reject(new Error('gone')))).toBe('old');
      expect(lastRead()).toMatchObject({ outcome: 'stale' });
      use().clock.advance('2s');
      expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
      use().clock.advance('12m');
      const error = new Error('still gone');
      await expect(cache.getOrLoad(['1'], () => Promise.reject(error))).rejects.toBe(error);
    });

    it('a broken source is asked once per pause while there is something to serve, and pauses grow', async () => {
      const cache = cacheOf<string>({ ttl: '1s', staleIfError: '1h' });
      await cache.set(['1'], 'old');
      use().clock.advance('2s');
      let asked = 0;
      const broken = () => {
        asked += 1;
        throw new Error('gone');
      };
      for (const [pass, expected] of [
        ['0ms', 1],
        ['900ms', 1],
        ['200ms', 2],
        ['1.9s', 2],
        ['200ms', 3],
      ] as const) {
        use().clock.advance(pass);
        expect(await cache.getOrLoad(['1'], broken)).toBe('old');
        expect(asked).toBe(expected);
      }
      await cache.evict('1');
      await expect(cache.getOrLoad(['1'], broken)).rejects.toThrow('gone');
      expect(asked).toBe(4);
    });

    it('with refreshAhead, a read late in the ttl is a hit and reloads in the background, once', async () => {
      const cache = cacheOf<string>({ ttl: '100s', refreshAhead: 0.8 });
      await cache.set(['1'], 'old');
      use().clock.advance('79s');
      expect(await cache.getOrLoad(['1'], () => 'too early')).toBe('old');
      await drained();
      use().clock.advance('2s');
      const loader = new ManualLoader<string>();
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('old');
      expect(lastRead()).toMatchObject({ outcome: 'hit' });
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('old');
      await loader.called(1);
      loader.calls[0]!.resolve('new');
      await drained();
      expect(loader.calls).toHaveLength(1);
      use().clock.advance('25s');
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('new');
    });

    it('with XFetch, reloads come the likelier the nearer the end, and never without a cost', async () => {
      const cache = cacheOf<number>({ ttl: '100s', refreshAhead: 'probabilistic' });
      const ids = Array.from({ length: 200 }, (_, i) => String(i));
      await Promise.all(ids.map((id) => cache.set([id], 0)));
      use().clock.advance('99.9s');
      let loads = 0;
      for (const id of ids) await cache.getOrLoad([id], () => (loads += 1));
      await drained();
      expect(loads).toBe(0);
    });

    it('past the soft timeout a stale entry is served, while the load goes on and stores', async () => {
      const cache = cacheOf<string>({ ttl: '1m', staleIfError: '10m', softTimeout: 20 });
      await cache.set(['1'], 'old');
      use().clock.advance('2m');
      const loader = new ManualLoader<string>();
      expect(await cache.getOrLoad(['1'], loader.load)).toBe('old');
      expect(lastRead()).toMatchObject({ outcome: 'stale' });
      expect(loader.calls).toHaveLength(1);
      loader.calls[0]!.resolve('new');
      await drained();
      expect(await cache.get('1')).toBe('new');
    });

    it('the soft timeout does not matter where there is nothing to serve instead', async () => {
      const cache = cacheOf<string>({ softTimeout: 1, staleIfError: '1h' });
      const loader = new ManualLoader<string>();
      const waiting = cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      setTimeout(() => loader.calls[0]!.resolve('late'), 30);
      expect(await waiting).toBe('late');
    });

    it('past the hard timeout callers get an error that says so, while the load goes on and stores', async () => {
      const cache = cacheOf<string>({ hardTimeout: 20 });
      const loader = new ManualLoader<string>();
      const callers = [cache.getOrLoad(['1'], loader.load), cache.getOrLoad(['1'], loader.load)];
      for (const result of await Promise.allSettled(callers)) {
        expect(result).toMatchObject({
          status: 'rejected',
          reason: {
            name: 'CacheLoadTimeoutError',
            code: 'CACHE_LOAD_TIMEOUT',
            cache: cache.name,
            timeoutMs: 20,
          },
        });
      }
      expect(loader.calls).toHaveLength(1);
      loader.calls[0]!.resolve('late');
      await drained();
      expect(await cache.get('1')).toBe('late');
    });

    it('a load that fails after everybody has left is told of, and unhandled nowhere', async () => {
      const cache = cacheOf<string>({ hardTimeout: 10 });
      const loader = new ManualLoader<string>();
      await expect(cache.getOrLoad(['1'], loader.load)).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
      const error = new Error('gone');
      loader.calls[0]!.reject(error);
      await drained();
      expect(use().problems.at(-1)).toEqual({ operation: 'load', error });
    });

    it('touch lets an entry live on from now, and tells whether there was one', async () => {
      const cache = cacheOf<string>({ ttl: '1m' });
      expect(await cache.touch(['1'])).toBe(false);
      await cache.set(['1'], 'kept');
      use().clock.advance('50s');
      expect(await cache.touch(['1'])).toBe(true);
      use().clock.advance('50s');
      expect(await cache.lookup('1')).toMatchObject({ hit: true, value: 'kept', stale: false });
      expect(await cache.touch(['1'], '1h')).toBe(true);
      use().clock.advance('59m');
      expect(await cache.get('1')).toBe('kept');
      expect(await cache.touch(['1'], 0)).toBe(false);
      expect(await cache.has('1')).toBe(false);
    });

    it('touch does not bring back what was evicted', async () => {
      const cache = cacheOf<string>();
      await cache.set(['1'], 'old');
      await Promise.all([cache.touch(['1']), cache.evict('1')]);
      expect(await cache.has('1')).toBe(false);
    });

    it('another version of a cache does not see the entries of this one', async () => {
      const name = `versioned-${Math.random().toString(36).slice(2)}`;
      const first = cacheOf<string>({ name, version: 1 });
      await first.set(['1'], 'old');
      const second = cacheOf<string>({ name: `${name}-other`, version: 2 });
      expect(await second.get('1')).toBeUndefined();
      expect(await second.getOrLoad(['1'], () => 'new')).toBe('new');
    });
  });
}

function keyOf(kind: string): (id: string) => CacheKey {
  return (id) => key`${kind}:${id}`;
}
