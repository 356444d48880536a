import { tag } from '../../src/definition/template.js';
import type { EngineUnderTest } from './engine.js';

interface Item {
  readonly name: string;
  readonly filler?: string;
}

/** Puts of one and of many, whatever store lies behind. Run in memory and on Redis. */
export function describePuts(where: string, use: () => EngineUnderTest): void {
  const cacheOf: EngineUnderTest['cache'] = (spec) => use().cache(spec);
  /** It takes the thread pool a while to compress that much. */
  const large = (name: string): Item => ({ name, filler: 'x'.repeat(4_000_000) });

  describe(`puts ${where}`, () => {
    it('store the value as it is at the call, whatever the caller does to it next', async () => {
      const cache = cacheOf<{ org: string }>({ tagsOf: ({ org }) => [tag`org:${org}`] });
      const value = { org: 'one' };
      const put = cache.set(['1'], value);
      value.org = 'two';
      await put;
      expect(await cache.get('1')).toEqual({ org: 'one' });
      await use().runtime.engine.writes.evictTags([tag`org:${'two'}`]);
      expect(await cache.has('1')).toBe(true);
      await use().runtime.engine.writes.evictTags([tag`org:${'one'}`]);
      expect(await cache.has('1')).toBe(false);
    });

    it('of many store the last value of a key that is among them twice', async () => {
      const cache = cacheOf<Item>({ compress: true, l1: false });
      await cache.setMany([
        [['1'], large('first')],
        [['2'], { name: 'other' }],
        [['1'], { name: 'last' }],
      ]);
      expect(await cache.getMany([['1'], ['2']])).toEqual([{ name: 'last' }, { name: 'other' }]);
    });

    it('of many are over when they reject: nothing comes after an eviction that follows', async () => {
      const cache = cacheOf<Item | (() => void)>({ compress: true, l1: false });
      const puts = cache.setMany([
        [['1'], () => undefined],
        [['2'], large('stored')],
      ]);
      await expect(puts).rejects.toMatchObject({ code: 'CACHE_UNCACHEABLE_VALUE' });
      expect(await cache.get('2')).toMatchObject({ name: 'stored' });
      await cache.evict('2');
      expect(await cache.has('2')).toBe(false);
    });
  });
}
