import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheModuleOptions } from '../../src/cache.options.js';
import { tag } from '../../src/definition/template.js';
import { Gate, ManualLoader, type EngineUnderTest } from './engine.js';
import { withoutPolls, type NoPolls } from './no-polls.js';
import { seeLeaseWaits } from './lease-waits.js';

/** Who waits for whose load, and for how long, whatever store lies behind. Run in memory and on Redis. */
export function describeWaiting(
  where: string,
  start: (options: Pick<CacheModuleOptions, 'lease'>) => Promise<EngineUnderTest>,
): void {
  describe(`waiting for a load ${where}`, () => {
    let engine: EngineUnderTest;
    let polls: NoPolls | undefined;

    const tagged = <Value = string>(fields: object = {}) =>
      engine.cache<Value>({ tags: (id) => [tag`item:${id}`], ...fields });
    /** Nobody joins the flight any more, and its lease is held all the same. */
    const overtake = () => engine.runtime.engine.writes.evictTags([tag`item:${'1'}`]);

    afterEach(async () => {
      polls?.restore();
      polls = undefined;
      await engine.runtime.close();
    });

    describe('for long', () => {
      beforeEach(async () => {
        engine = await start({ lease: { ttl: '30s', wait: '1m' } });
        polls = withoutPolls();
      });

      it('ends with a put, which is what the waiting caller gets', async () => {
        const cache = tagged();
        const slow = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], slow.load);
        await slow.called(1);
        await overtake();
        const waiting = cache.getOrLoad(['1'], () => 'its own');
        await polls!.waiting(1);
        await cache.set(['1'], 'put');
        expect(await waiting).toBe('put');
        slow.calls[0]!.resolve('late');
        await early;
      });

      it('ends for all who wait when nothing was stored: they load, and not one after the other', async () => {
        const cache = tagged<string | null>({ nullTtl: 0 });
        const loaders = Array.from({ length: 3 }, () => new ManualLoader<string | null>());
        const callers: Promise<string | null>[] = [];
        for (const [i, { load }] of loaders.entries()) {
          if (i > 0) await overtake();
          callers.push(cache.getOrLoad(['1'], load));
          await (i === 0 ? loaders[0]!.called(1) : polls!.waiting(i));
        }
        loaders[0]!.calls[0]!.resolve(null);
        await Promise.all(loaders.map((loader) => loader.called(1)));
        for (const loader of loaders.slice(1)) loader.calls[0]!.resolve(null);
        expect(await Promise.all(callers)).toEqual([null, null, null]);
      });

      it('leaves the caller who then loads in its own context', async () => {
        const context = new AsyncLocalStorage<string>();
        const cache = tagged<string | null>({ nullTtl: 0 });
        const slow = new ManualLoader<null>();
        const first = context.run('first', () => cache.getOrLoad(['1'], slow.load));
        await slow.called(1);
        await overtake();
        const seen: (string | undefined)[] = [];
        const second = context.run('second', () =>
          cache.getOrLoad(['1'], () => {
            seen.push(context.getStore());
            return 'value';
          }),
        );
        await polls!.waiting(1);
        slow.calls[0]!.resolve(null);
        await Promise.all([first, second]);
        expect(seen).toEqual(['second']);
      });
    });

    describe('for as long as `lease.wait` says', () => {
      beforeEach(async () => {
        engine = await start({ lease: { ttl: '30s', wait: 50 } });
      });

      it('ends for those who have joined it: they load by themselves, and store nothing', async () => {
        const cache = engine.cache<string>();
        const slow = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], slow.load);
        await slow.called(1);
        expect(await cache.getOrLoad(['1'], () => 'its own')).toBe('its own');
        expect(await cache.has('1')).toBe(false);
        slow.calls[0]!.resolve('stored');
        expect(await early).toBe('stored');
        expect(await cache.get('1')).toBe('stored');
      });

      it('ends for a hundred who have joined it with one load that they share', async () => {
        const cache = engine.cache<string>();
        const slow = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], slow.load);
        await slow.called(1);
        const joined = Array.from({ length: 100 }, () => cache.getOrLoad(['1'], slow.load));
        await slow.called(2);
        slow.calls[1]!.resolve('shared');
        expect(new Set(await Promise.all(joined))).toEqual(new Set(['shared']));
        expect(slow.calls).toHaveLength(2);
        slow.calls[0]!.resolve('stored');
        expect(await early).toBe('stored');
      });

      it('ends for many who have joined it as for one', async () => {
        const cache = engine.cache<string>();
        const slow = new ManualLoader<string>();
        const early = cache.getOrLoad(['1'], slow.load);
        await slow.called(1);
        const load = (missing: readonly (readonly [string])[]) => missing.map(([id]) => `its own ${id}`);
        expect(await cache.getOrLoadMany([['1'], ['2']], load)).toEqual(['its own 1', 'its own 2']);
        slow.calls[0]!.resolve('stored');
        await early;
      });

      it('ends for a loader that asks for its own key', async () => {
        const cache = engine.cache<string>();
        const load = () => cache.getOrLoad(['1'], () => 'inner');
        expect(await cache.getOrLoad(['1'], load)).toBe('inner');
      });

      it('calls no loader again for callers who have left', async () => {
        const cache = engine.cache<string>({ hardTimeout: 10 });
        const hung = new Gate<string>();
        const waits = seeLeaseWaits();
        let calls = 0;
        const again = new Gate<void>();
        const load = () => {
          calls += 1;
          if (calls > 1) again.resolve();
          return hung.promise;
        };
        for (let i = 0; i < 5; i++) {
          await expect(cache.getOrLoad(['1'], load)).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
        }
        await Promise.race([waits.ended(4), again.promise]);
        waits.restore();
        expect(calls).toBe(1);
        expect(engine.problems).toEqual([]);
        hung.resolve('late');
        await engine.runtime.engine.background.drain();
        expect(await cache.get('1')).toBe('late');
      });
    });
  });
}
