import { tag } from '../../src/definition/template.js';
import { Gate, ManualLoader, type EngineUnderTest } from './engine.js';

type IdArgs = readonly [id: string];

/** Reads and writes of many entries at once, whatever store lies behind. Run in memory and on Redis. */
export function describeBatch(where: string, use: () => EngineUnderTest): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  const ids = (...list: string[]): IdArgs[] => list.map((id) => [id]);
  const upper = (missing: readonly IdArgs[]) => missing.map(([id]) => id.toUpperCase());

  describe(`many at once ${where}`, () => {
    it('getMany keeps the order, and gives undefined where nothing is stored', async () => {
      const cache = cacheOf<string>({ l1: false });
      await cache.setMany([
        [['a'], 'A'],
        [['c'], 'C'],
      ]);
      expect(await cache.getMany(ids('c', 'b', 'a', 'c'))).toEqual(['C', undefined, 'A', 'C']);
      expect(await cache.getMany([])).toEqual([]);
    });

    it('getMany serves each caller a value of its own', async () => {
      const cache = cacheOf<{ n: number }>();
      await cache.set(['a'], { n: 1 });
      const [first, second] = await cache.getMany(ids('a', 'a'));
      first!.n = 2;
      expect(second).toEqual({ n: 1 });
    });

    it('getOrLoadMany calls the loader once, with exactly what is missing, and keeps the order', async () => {
      const cache = cacheOf<string>();
      await cache.set(['b'], 'stored');
      const calls: (readonly IdArgs[])[] = [];
      const load = (missing: readonly IdArgs[]) => {
        calls.push(missing);
        return upper(missing);
      };
      expect(await cache.getOrLoadMany(ids('a', 'b', 'c', 'a'), load)).toEqual(['A', 'stored', 'C', 'A']);
      expect(calls).toEqual([ids('a', 'c')]);
      expect(await cache.getOrLoadMany(ids('c', 'a'), load)).toEqual(['C', 'A']);
      expect(calls).toHaveLength(1);
      expect(await cache.getOrLoadMany([], load)).toEqual([]);
    });

    it('getOrLoadMany stores null for what does not exist', async () => {
      const cache = cacheOf<string | null>();
      expect(await cache.getOrLoadMany(ids('none'), () => [null])).toEqual([null]);
      expect(await cache.lookup('none')).toMatchObject({ hit: true, value: null });
    });

    it('getOrLoadMany joins loads of single keys, and single reads join it', async () => {
      const cache = cacheOf<string>();
      const single = new ManualLoader<string>();
      const many = new Gate<string[]>();
      const calls: (readonly IdArgs[])[] = [];
      const alone = cache.getOrLoad(['a'], single.load);
      await single.called(1);
      const begun = new Gate<void>();
      const batch = cache.getOrLoadMany(ids('a', 'b'), (missing) => {
        calls.push(missing);
        begun.resolve();
        return many.promise;
      });
      await begun.promise;
      const joining = cache.getOrLoad(['b'], () => {
        throw new Error('the batch loads it');
      });
      single.calls[0]!.resolve('from the single load');
      many.resolve(['from the batch']);
      expect(await batch).toEqual(['from the single load', 'from the batch']);
      expect(await alone).toBe('from the single load');
      expect(await joining).toBe('from the batch');
      expect(calls).toEqual([ids('b')]);
    });

    it('an error of the loader is the caller’s error, and leaves nothing behind', async () => {
      const cache = cacheOf<string>();
      await cache.set(['a'], 'A');
      const error = new Error('database gone');
      await expect(cache.getOrLoadMany(ids('a', 'b', 'c'), () => Promise.reject(error))).rejects.toBe(error);
      expect(use().runtime.engine.reads.inFlight).toBe(0);
      expect(await cache.getOrLoadMany(ids('a', 'b', 'c'), upper)).toEqual(['A', 'B', 'C']);
    });

    it('a loader that returns too few values is refused, naming the cache', async () => {
      const cache = cacheOf<string>();
      await expect(cache.getOrLoadMany(ids('a', 'b'), () => ['A'])).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringContaining(cache.name),
      });
      expect(await cache.has('a')).toBe(false);
    });

    it('an eviction during the load keeps its entry out, and no other', async () => {
      const cache = cacheOf<string>({ tags: (id) => [tag`item:${id}`] });
      const gate = new Gate<string[]>();
      const begun = new Gate<void>();
      const batch = cache.getOrLoadMany(ids('a', 'b', 'c'), () => {
        begun.resolve();
        return gate.promise;
      });
      await begun.promise;
      await cache.evict('a');
      await use().runtime.engine.writes.evictTags([tag`item:${'b'}`]);
      gate.resolve(['A', 'B', 'C']);
      expect(await batch).toEqual(['A', 'B', 'C']);
      expect(await cache.getMany(ids('a', 'b', 'c'))).toEqual([undefined, undefined, 'C']);
    });

    it('a disabled cache loads everything and stores nothing', async () => {
      const cache = cacheOf<string>({ enabled: false });
      expect(await cache.getOrLoadMany(ids('a', 'b'), upper)).toEqual(['A', 'B']);
      expect(await cache.getMany(ids('a', 'b'))).toEqual([undefined, undefined]);
      expect(use().reads.map((read) => read.outcome)).toEqual(['bypass', 'bypass', 'bypass', 'bypass']);
    });

    it('getOrLoadMany decides for each entry whether it is stored, and stores it as the call says', async () => {
      const cache = cacheOf<string>();
      const storeIf = (value: string, [id]: IdArgs) => value !== 'A' && id !== 'b';
      expect(await cache.getOrLoadMany(ids('a', 'b', 'c'), upper, { storeIf })).toEqual(['A', 'B', 'C']);
      expect(await cache.getMany(ids('a', 'b', 'c'))).toEqual([undefined, undefined, 'C']);

      await cache.getOrLoadMany(ids('d', 'e'), upper, { tags: [tag`d`] });
      await cache.getOrLoadMany(ids('f'), upper, { ttl: 0 });
      await use().runtime.engine.writes.evictTags([tag`d`]);
      expect(await cache.getMany(ids('c', 'd', 'e', 'f'))).toEqual(['C', undefined, undefined, undefined]);
    });

    it('getOrLoadMany passes the cache by when the call says so', async () => {
      const cache = cacheOf<string>();
      await cache.set(['a'], 'stored');
      expect(await cache.getOrLoadMany(ids('a', 'b'), upper, { bypass: true })).toEqual(['A', 'B']);
      expect(use().reads.map((read) => read.outcome)).toEqual(['bypass', 'bypass']);
      expect(await cache.getMany(ids('a', 'b'))).toEqual(['stored', undefined]);
    });

    it('hundreds of keys are no trouble', async () => {
      const cache = cacheOf<string>({ l1: false });
      const many = Array.from({ length: 500 }, (_, i) => `k${i}`);
      expect(await cache.getOrLoadMany(ids(...many), upper)).toEqual(many.map((id) => id.toUpperCase()));
      expect(await cache.getMany(ids(...many))).toEqual(many.map((id) => id.toUpperCase()));
    });
  });
}
