import { jest } from '@jest/globals';
import { CacheService, defineCache, key, tag, type CacheTelemetry } from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';
import { CacheRuntime } from '../../../src/cache.runtime.js';
import { resolveOptions } from '../../../src/cache.options.resolved.js';
import { ManualLoader } from '../../support/engine.js';

const bots = defineCache<[id: string]>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '1m',
  jitter: 0,
  staleWhileRevalidate: '1m',
  tags: (id) => [tag`bot:${id}`],
});

describe('what the caches tell', () => {
  let runtime: CacheRuntime;
  let service: CacheService;
  let clock: FakeClock;

  beforeEach(() => {
    clock = new FakeClock();
    runtime = new CacheRuntime(resolveOptions({ namespace: 'test', clock }));
    service = new CacheService(runtime);
  });

  afterEach(() => runtime.close());

  const record = <Name extends keyof CacheTelemetry>(name: Name) => {
    const events: CacheTelemetry[Name][] = [];
    service.observe(name, (event) => events.push(event));
    return events;
  };
  const measured = { duration: expect.any(Number) };

  it('of reads: outcome, tier, whether shared, and how long', async () => {
    const reads = record('read');
    const cache = service.cache(bots);
    const loader = new ManualLoader<string>();
    const callers = [cache.getOrLoad(['1'], loader.load), cache.getOrLoad(['1'], loader.load)];
    await loader.called(1);
    loader.calls[0]!.resolve('loaded');
    await Promise.all(callers);
    await cache.get('1');
    clock.advance('61s');
    await cache.get('1');
    await cache.getMany([['1'], ['2']]);
    await service.disable('bots');
    await cache.get('1');
    const read = { cache: 'bots', key: 'bot:1', coalesced: false, ...measured };
    expect(reads).toEqual([
      { ...read, outcome: 'miss' },
      { ...read, outcome: 'miss', coalesced: true },
      { ...read, outcome: 'hit', tier: 'l1' },
      { ...read, outcome: 'stale', tier: 'l1' },
      { ...read, outcome: 'stale', tier: 'l1' },
      { ...read, key: 'bot:2', outcome: 'miss' },
      { ...read, outcome: 'bypass' },
    ]);
  });

  it('of loads, stores, evictions, switches and values that can’t be stored', async () => {
    const [loads, stores, evictions] = [record('load'), record('store'), record('evict')];
    const [codec, switches, problems] = [record('codec'), record('switch'), record('problem')];
    const cache = service.cache(bots);
    await cache.getOrLoad(['1'], () => 'loaded');
    await expect(cache.getOrLoad(['2'], () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    await cache.getOrLoadMany([['3'], ['4']], () => ['three', 'four']);
    await cache.getOrLoad(['5'], () => () => 'a function');
    await cache.set(['6'], 'put');
    await expect(cache.set(['7'], () => 'a function')).rejects.toMatchObject({
      code: 'CACHE_UNCACHEABLE_VALUE',
    });
    await service.evictTags(tag`bot:${'1'}`);
    await cache.clear();
    await service.disable('bots');
    const load = { cache: 'bots', failed: false, ...measured };
    expect(loads).toEqual([
      { ...load, key: 'bot:1' },
      { ...load, key: 'bot:2', failed: true },
      { ...load, key: 'bot:3' },
      { ...load, key: 'bot:4' },
      { ...load, key: 'bot:5' },
    ]);
    expect(stores.map(({ key: stored, by }) => `${stored} ${by}`)).toEqual([
      'bot:1 load',
      'bot:3 load',
      'bot:4 load',
      'bot:6 put',
    ]);
    expect(codec).toEqual([
      { kind: 'refused', cache: 'bots' },
      { kind: 'refused', cache: 'bots' },
    ]);
    expect(evictions).toEqual([
      { kind: 'key', what: 'bot:7', origin: 'here' },
      { kind: 'tag', what: 'bot:1', origin: 'here' },
      { kind: 'cache', what: 'bots', origin: 'here' },
    ]);
    expect(switches).toEqual([{ cache: 'bots', enabled: false }]);
    expect(problems).toHaveLength(1);
  });

  it('of entries that can’t be opened', async () => {
    const codec = record('codec');
    let fails = false;
    const revived = defineCache<[id: string], string>({
      name: 'revived',
      key: (id) => key`revived:${id}`,
      ttl: '1m',
      revive: (plain: string) => {
        if (fails) throw new Error('not any more');
        return plain;
      },
    });
    await service.cache(revived).set(['1'], 'value');
    fails = true;
    expect(await service.cache(revived).get('1')).toBeUndefined();
    expect(codec).toEqual([{ kind: 'invalid', cache: 'revived' }]);
    expect(service.stats().caches['revived']).toMatchObject({ invalid: 1, misses: 1 });
  });

  it('costs a hit in memory no look at the clock while nobody listens', async () => {
    const cache = service.cache(bots);
    await cache.set(['1'], 'value');
    const look = jest.spyOn(performance, 'now');
    const looks = async (): Promise<number> => {
      look.mockClear();
      for (let i = 0; i < 10; i += 1) await cache.getOrLoad(['1'], () => 'another');
      return look.mock.calls.length;
    };
    expect(await looks()).toBe(0);
    const stop = service.observe('read', () => undefined);
    expect(await looks()).toBe(20);
    stop();
    expect(await looks()).toBe(0);
    look.mockRestore();
  });

  it('is traced without durations, so that records are the same each time', async () => {
    const cache = service.cache(bots);
    const { reads } = await service.trace(() => cache.get('1'));
    expect(reads).toEqual([{ cache: 'bots', key: 'bot:1', outcome: 'miss', coalesced: false }]);
  });

  describe('in stats()', () => {
    /** A loader that takes some milliseconds of a clock of the test's. */
    const slow = (ms: number) => {
      const real = performance.now.bind(performance);
      let passed = 0;
      const spy = jest.spyOn(performance, 'now').mockImplementation(() => real() + passed);
      return {
        load: () => {
          passed += ms;
          return 'loaded';
        },
        restore: () => spy.mockRestore(),
      };
    };

    it('loads, what they cost and what they saved, since the start and lately', async () => {
      const cache = service.cache(bots);
      const { load, restore } = slow(1000);
      await cache.getOrLoad(['1'], load);
      restore();
      await cache.getOrLoad(['1'], load);
      await cache.get('1');
      clock.advance('2m');
      await cache.get('1');
      const { recent, ...all } = service.stats().caches['bots']!;
      expect(all).toMatchObject({
        hits: 2,
        misses: 2,
        loads: 1,
        failedLoads: 0,
        hitRatio: 0.5,
        enabled: true,
      });
      expect(Math.round(all.loadMs / 1000)).toBe(1);
      expect(Math.round(all.savedMs / 1000)).toBe(2);
      expect(Math.round(all.waitMs / 1000)).toBe(1);
      expect(recent['1m']).toMatchObject({ hits: 0, misses: 1, loads: 0, savedMs: 0, hitRatio: 0 });
      expect(recent['5m']).toMatchObject({ hits: 2, misses: 2, loads: 1, hitRatio: 0.5 });
      expect(recent['15m']).toEqual(recent['5m']);
    });

    it('callers that shared a load, and the time that it saved them', async () => {
      const cache = service.cache(bots);
      const loader = new ManualLoader<string>();
      const callers = Array.from({ length: 5 }, () => cache.getOrLoad(['1'], loader.load));
      await loader.called(1);
      loader.calls[0]!.resolve('loaded');
      await Promise.all(callers);
      const { misses, shared, loads, loadMs, savedMs } = service.stats().caches['bots']!;
      expect({ misses, shared, loads }).toEqual({ misses: 5, shared: 4, loads: 1 });
      expect(savedMs).toBeGreaterThan(loadMs);
    });

    it('loads that failed', async () => {
      const failing = service.cache(bots).getOrLoad(['1'], () => Promise.reject(new Error('gone')));
      await expect(failing).rejects.toThrow('gone');
      expect(service.stats().caches['bots']).toMatchObject({ loads: 1, failedLoads: 1, misses: 1 });
    });
  });
});
