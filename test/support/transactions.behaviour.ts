import { pattern, tag } from '../../src/definition/template.js';
import type { CacheLoad } from '../../src/engine/events.js';
import { Gate, ManualLoader, type EngineUnderTest } from './engine.js';

/** What a transaction must come to, whatever store lies behind. Run in memory and on Redis. */
export function describeTransactions(where: string, use: () => EngineUnderTest): void {
  const transaction = <T>(work: () => Promise<T>): Promise<T> => use().runtime.engine.transaction(work);
  const calls = () => use().runtime.engine.calls;
  const failure = new Error('the commit fails');
  const fail = () => {
    throw failure;
  };
  const tagged = () => use().cache<string>({ tags: (id) => [tag`of:${id}`] });

  type Handle = ReturnType<typeof tagged>;
  const evictions: readonly [string, (cache: Handle) => Promise<unknown>][] = [
    ['of the key', (cache) => cache.evict('1')],
    ['of many keys', (cache) => cache.evictMany([['2'], ['1']])],
    ['of a tag', () => calls().evictTags([tag`of:${'1'}`])],
    ['of a pattern', () => calls().evictMatching(pattern`item:1*`)],
    ['of the cache', (cache) => cache.clear()],
  ];

  describe(`a transaction ${where}`, () => {
    describe.each(evictions)('an eviction inside, %s', (name, evict) => {
      it('waits for the end', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        const outside = new Gate<void>();
        const isEvicted = new Gate<void>();
        const running = transaction(async () => {
          await evict(cache);
          isEvicted.resolve(undefined);
          await outside.promise;
        });
        await isEvicted.promise;
        const seenOutside = await cache.get('1');
        outside.resolve(undefined);
        await running;
        expect(seenOutside).toBe('old');
        expect(await cache.get('1')).toBeUndefined();
      });

      it('is dropped when the work throws', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        await expect(
          transaction(async () => {
            await evict(cache);
            fail();
          }),
        ).rejects.toBe(failure);
        expect(await cache.get('1')).toBe('old');
      });

      it('is final: a load that began before the end stores nothing', async () => {
        const cache = tagged();
        const loader = new ManualLoader<string>();
        const reading = cache.getOrLoad(['1'], loader.load);
        await loader.called(1);
        await transaction(() => evict(cache));
        loader.calls[0]?.resolve('read before the commit');
        await reading;
        expect(await cache.get('1')).toBeUndefined();
      });

      it('is seen by reads inside', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        await transaction(async () => {
          await evict(cache);
          expect(await cache.get('1')).toBeUndefined();
          expect(await cache.has('1')).toBe(false);
          expect(await cache.getMany([['1']])).toEqual([undefined]);
          expect(await cache.touch(['1'])).toBe(false);
          expect(await cache.getOrLoad(['1'], () => 'uncommitted')).toBe('uncommitted');
          expect(await cache.getOrLoadMany([['1']], () => ['uncommitted'])).toEqual(['uncommitted']);
        });
      });

      it('takes back what was put inside before it', async () => {
        const cache = tagged();
        await transaction(async () => {
          await cache.set(['1'], 'put');
          await evict(cache);
          expect(await cache.get('1')).toBeUndefined();
        });
        expect(await cache.get('1')).toBeUndefined();
      });

      it('is followed inside by what is put after it', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        await transaction(async () => {
          await evict(cache);
          await cache.set(['1'], 'put');
          expect(await cache.get('1')).toBe('put');
        });
        // Of a whole group, others may have evicted the same meanwhile.
        expect(await cache.get('1')).toBe(name.endsWith('key') || name.endsWith('keys') ? 'put' : undefined);
      });
    });

    describe('a put inside', () => {
      it('is seen inside at once, outside at the end', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        const isPut = new Gate<void>();
        const seen = new Gate<void>();
        const running = transaction(async () => {
          await cache.set(['1'], 'new');
          expect(await cache.getOrLoad(['1'], fail)).toBe('new');
          isPut.resolve(undefined);
          await seen.promise;
        });
        await isPut.promise;
        expect(await cache.get('1')).toBe('old');
        seen.resolve(undefined);
        await running;
        expect(await cache.get('1')).toBe('new');
      });

      it('stores what the value was then', async () => {
        const cache = use().cache<{ name: string }>();
        await transaction(async () => {
          const value = { name: 'then' };
          await cache.set(['1'], value);
          value.name = 'later';
        });
        expect(await cache.get('1')).toEqual({ name: 'then' });
      });

      it('is dropped when the work throws', async () => {
        const cache = tagged();
        await expect(transaction(() => cache.set(['1'], 'new').then(fail))).rejects.toBe(failure);
        expect(await cache.get('1')).toBeUndefined();
      });

      it.each(evictions)(
        'gives way to an eviction that somebody else has waited for since, %s',
        async (_, evict) => {
          const cache = tagged();
          const isPut = new Gate<void>();
          const end = new Gate<void>();
          const running = transaction(async () => {
            await cache.set(['1'], 'made before');
            isPut.resolve(undefined);
            await end.promise;
          });
          await isPut.promise;
          await evict(cache);
          end.resolve(undefined);
          await running;
          expect(await cache.get('1')).toBeUndefined();
        },
      );

      it('evicts what is there if somebody else is loading or putting it', async () => {
        const cache = tagged();
        const loader = new ManualLoader<string>();
        const reading = cache.getOrLoad(['1'], loader.load);
        await loader.called(1);
        await transaction(() => cache.set(['1'], 'new'));
        loader.calls[0]?.resolve('read before the commit');
        await reading;
        expect(await cache.get('1')).toBeUndefined();
      });

      it('may be put again, and is stored as it was put last', async () => {
        const cache = tagged();
        await transaction(async () => {
          await cache.set(['1'], 'first');
          await cache.set(['1'], 'second');
        });
        expect(await cache.get('1')).toBe('second');
      });

      it('lets nobody wait when the transaction fails', async () => {
        const cache = tagged();
        await expect(transaction(() => cache.set(['1'], 'new').then(fail))).rejects.toBe(failure);
        expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
        expect(await cache.get('1')).toBe('loaded');
      });

      it('is stored by each of two caches with equal keys, or evicts there', async () => {
        const [one, two] = [tagged(), tagged()];
        await one.set(['1'], 'old');
        await transaction(async () => {
          await one.set(['1'], 'of one');
          await two.set(['1'], 'of two');
          expect([await one.get('1'), await two.get('1')]).toEqual(['of one', 'of two']);
        });
        expect(await one.get('1')).not.toBe('old');
      });

      it('evicts what lay there before, also if it is evicted inside by a tag of its own', async () => {
        const cache = use().cache<string>({ tagsOf: (value) => [tag`of:${value}`] });
        await cache.set(['1'], 'old');
        await transaction(async () => {
          await cache.set(['1'], 'new');
          await calls().evictTags([tag`of:${'new'}`]);
          expect(await cache.get('1')).toBeUndefined();
        });
        expect(await cache.get('1')).toBeUndefined();
      });

      it('lives as long as a touch inside says', async () => {
        const cache = tagged();
        await transaction(async () => {
          await cache.set(['1'], 'new');
          expect(await cache.touch(['1'], 0)).toBe(false);
        });
        expect(await cache.get('1')).toBeUndefined();
      });

      it('of what has no stored form rejects, and evicts at the end', async () => {
        const cache = use().cache();
        await cache.set(['1'], 'old');
        await transaction(() =>
          expect(cache.set(['1'], fail)).rejects.toMatchObject({ code: 'CACHE_UNCACHEABLE_VALUE' }),
        );
        expect(await cache.get('1')).toBeUndefined();
      });
    });

    describe('a load inside', () => {
      it('stores nothing, as it may have read what is never committed', async () => {
        const cache = tagged();
        await transaction(async () => {
          expect(await cache.getOrLoad(['1'], () => 'uncommitted')).toBe('uncommitted');
          expect(await cache.getOrLoadMany([['2'], ['3']], (ids) => ids.map(([id]) => id))).toEqual([
            '2',
            '3',
          ]);
        });
        expect(await cache.getMany([['1'], ['2'], ['3']])).toEqual([undefined, undefined, undefined]);
      });

      it('is joined by nobody outside', async () => {
        const cache = tagged();
        const inside = new ManualLoader<string>();
        const running = transaction(() => cache.getOrLoad(['1'], inside.load));
        await inside.called(1);
        expect(await cache.getOrLoad(['1'], () => 'committed')).toBe('committed');
        inside.calls[0]?.resolve('uncommitted');
        expect(await running).toBe('uncommitted');
        expect(await cache.get('1')).toBe('committed');
      });

      it('does not happen for what is stored', async () => {
        const cache = tagged();
        await cache.set(['1'], 'stored');
        expect(await transaction(() => cache.getOrLoad(['1'], fail))).toBe('stored');
        expect(await transaction(() => cache.getOrLoadMany([['1']], fail))).toEqual(['stored']);
      });

      it('of many is one call, told once for each entry', async () => {
        const cache = tagged();
        await cache.set(['3'], 'stored');
        const asked: unknown[] = [];
        const told: CacheLoad[] = [];
        const stop = use().runtime.events.loads.subscribe((load) => told.push(load));
        const load = (missing: readonly (readonly [id: string])[]) => {
          asked.push(missing);
          return missing.map(([id]) => `loaded ${id}`);
        };
        const read = () => cache.getOrLoadMany([['1'], ['3'], ['2'], ['1'], ['1']], load);
        expect(await transaction(read)).toEqual(['loaded 1', 'stored', 'loaded 2', 'loaded 1', 'loaded 1']);
        await expect(transaction(() => cache.getOrLoadMany([['4'], ['4']], fail))).rejects.toBe(failure);
        stop();
        expect(asked).toEqual([[['1'], ['2']]]);
        expect(told.map(({ key, failed }) => [key, failed])).toEqual([
          ['item:1', false],
          ['item:2', false],
          ['item:4', true],
        ]);
      });

      it('of many gives each place in the list a value of its own', async () => {
        const cache = use().cache<{ id: string }>();
        const read = () => cache.getOrLoadMany([['1'], ['1']], (ids) => ids.map(([id]) => ({ id })));
        const [one, other] = await transaction(read);
        expect(one).toEqual(other);
        expect(one).not.toBe(other);
      });

      it('that refreshes evicts at the end', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        expect(await transaction(() => cache.refresh(['1'], () => 'new'))).toBe('new');
        expect(await cache.get('1')).toBeUndefined();
      });

      it('that refreshes gives what can not be stored, as it does outside', async () => {
        const cache = use().cache();
        expect(await transaction(() => cache.refresh(['1'], () => fail))).toBe(fail);
      });

      it('waits no longer than hardTimeout', async () => {
        const cache = use().cache({ hardTimeout: 1 });
        const loader = new ManualLoader<string>();
        const loading = transaction(() => cache.getOrLoad(['1'], loader.load));
        await expect(loading).rejects.toMatchObject({ name: 'CacheLoadTimeoutError' });
        loader.calls[0]?.resolve('late');
      });

      it('that is bypassed stays so', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        const read = () => cache.getOrLoad(['1'], () => 'new', { bypass: true });
        expect(await transaction(read)).toBe('new');
        expect(use().reads.at(-1)).toMatchObject({ outcome: 'bypass' });
      });
    });

    it('skips an entry whose value carries a tag that was evicted inside', async () => {
      const cache = use().cache<string>({ tagsOf: (value) => [tag`of:${value}`] });
      await cache.set(['1'], 'acme');
      await transaction(async () => {
        await calls().evictTags([tag`of:${'acme'}`]);
        expect(await cache.get('1')).toBeUndefined();
        expect(await cache.getMany([['1']])).toEqual([undefined]);
        expect(await cache.touch(['1'])).toBe(false);
      });
    });

    it('is what a query builder runs in, which begins when somebody waits for it', async () => {
      const cache = tagged();
      await cache.set(['1'], 'old');
      const query = {
        then: (...handlers: Parameters<Promise<void>['then']>) =>
          cache
            .evict('1')
            .then(fail)
            .then(...handlers),
      };
      await expect(transaction(() => query as Promise<void>)).rejects.toBe(failure);
      expect(await cache.get('1')).toBe('old');
    });

    describe('inside another one', () => {
      it('waits for the end of the outer one', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        const isInnerOver = new Gate<void>();
        const end = new Gate<void>();
        const running = transaction(async () => {
          await transaction(() => cache.evict('1'));
          expect(await cache.get('1')).toBeUndefined();
          isInnerOver.resolve(undefined);
          await end.promise;
        });
        await isInnerOver.promise;
        expect(await cache.get('1')).toBe('old');
        end.resolve(undefined);
        await running;
        expect(await cache.get('1')).toBeUndefined();
      });

      it('is dropped alone when it throws, and the outer one does not', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        await cache.set(['2'], 'old');
        await transaction(async () => {
          await cache.evict('1');
          await transaction(() => cache.set(['2'], 'rolled back').then(fail)).catch(() => undefined);
          expect(await cache.get('2')).toBe('old');
        });
        expect(await cache.getMany([['1'], ['2']])).toEqual([undefined, 'old']);
      });

      it('is dropped with the outer one', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        await transaction(() => transaction(() => cache.evict('1')).then(fail)).catch(() => undefined);
        expect(await cache.get('1')).toBe('old');
      });
    });

    describe('work that nobody has waited for', () => {
      it('evicts and puts at once when the transaction is over', async () => {
        const cache = tagged();
        const isOver = new Gate<void>();
        let straggler: Promise<unknown> | undefined;
        await transaction(async () => {
          straggler = isOver.promise.then(() => cache.set(['1'], 'late'));
        });
        isOver.resolve(undefined);
        await straggler;
        expect(await cache.get('1')).toBe('late');
      });

      it('loads and stores when the transaction is over, be it dropped or not', async () => {
        const cache = tagged();
        const isOver = new Gate<void>();
        let straggler: Promise<unknown> | undefined;
        const dropped = transaction(async () => {
          straggler = isOver.promise.then(() => cache.getOrLoad(['1'], () => 'loaded'));
          fail();
        });
        await expect(dropped).rejects.toBe(failure);
        isOver.resolve(undefined);
        await straggler;
        expect(await cache.get('1')).toBe('loaded');
      });

      it('evicts in place of a put when the transaction was dropped', async () => {
        const cache = tagged();
        await cache.set(['1'], 'old');
        const isOver = new Gate<void>();
        let straggler: Promise<unknown> | undefined;
        const dropped = transaction(async () => {
          straggler = isOver.promise.then(() => cache.set(['1'], 'rolled back'));
          fail();
        });
        await expect(dropped).rejects.toBe(failure);
        isOver.resolve(undefined);
        await straggler;
        expect(await cache.get('1')).toBeUndefined();
      });
    });

    it('gives the result of its work, and leaves other work alone', async () => {
      const cache = tagged();
      await cache.set(['1'], 'old');
      const begun = new Gate<void>();
      const end = new Gate<void>();
      const running = transaction(async () => {
        begun.resolve(undefined);
        await end.promise;
        return 'result';
      });
      await begun.promise;
      await cache.evict('1');
      expect(await cache.get('1')).toBeUndefined();
      end.resolve(undefined);
      expect(await running).toBe('result');
    });
  });
}
