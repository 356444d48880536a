import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Cacheable,
  CacheEvict,
  CacheModule,
  CacheService,
  defineCache,
  key,
  pattern,
  tag,
  type CacheModuleOptions,
} from 'nestjs-roost';
import { CacheTester, CacheTestingModule, FakeClock, type CacheTestingOptions } from 'nestjs-roost/testing';

const botDetails = defineCache({
  name: 'bot-details',
  key: (botId: string) => key`bot:${botId}:details`,
  ttl: '5m',
  tags: (botId) => [tag`bot:${botId}`],
  staleWhileRevalidate: '1m',
});

@Injectable()
class Bots {
  name = 'Ada';
  loads = 0;

  @Cacheable(botDetails)
  async details(id: string): Promise<{ id: string; name: string }> {
    this.loads += 1;
    return { id, name: this.name };
  }

  @CacheEvict({ tags: (_: void, id: string) => [tag`bot:${id}`] })
  async rename(_id: string, name: string): Promise<void> {
    this.name = name;
  }
}

describe('the testing kit', () => {
  const closing: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start(options?: CacheTestingOptions, app?: Partial<CacheModuleOptions>) {
    const imports =
      app === undefined
        ? [CacheTestingModule.forRoot(options)]
        : [CacheModule.forRoot({ namespace: 'app', ...app }), CacheTestingModule.forApp(options)];
    const module = await Test.createTestingModule({ imports, providers: [Bots] }).compile();
    module.useLogger(false);
    await module.init();
    closing.push(() => module.close());
    return { cache: module.get(CacheTester), bots: module.get(Bots), service: module.get(CacheService) };
  }

  const ada = { id: '1', name: 'Ada' };
  const entry = botDetails.at('1');

  it('tells what is cached, and with what value', async () => {
    const { cache, bots } = await start();
    await expect(cache.expectCached(entry)).rejects.toThrow(
      'Expected bot:1:details of cache bot-details to be cached, but it is not. What happened: nothing',
    );
    await cache.expectNotCached(entry);
    await bots.details('1');
    await cache.expectCached(entry);
    await cache.expectCached(entry, ada);
    const bob = { ...ada, name: 'Bob' };
    await expect(cache.expectCached(entry, bob)).rejects.toThrow('to be cached with another value.');
    await expect(cache.expectCached(entry, bob)).rejects.toMatchObject({ actual: ada, expected: bob });
    await expect(cache.expectNotCached(entry)).rejects.toThrow('not to be cached, but it is');
    await expect(cache.expectCached(botDetails.all())).rejects.toThrow('Expected one entry');
  });

  it('tells what was evicted, in whatever way', async () => {
    const { cache, bots, service } = await start();
    await bots.details('1');
    await expect(cache.expectEvicted(entry)).rejects.toThrow('but evicted were: none');
    await bots.rename('1', 'Bob');
    await cache.expectEvicted(entry);
    await cache.expectEvicted(tag`bot:${'1'}`);
    await expect(cache.expectEvicted(botDetails.at('2'))).rejects.toThrow('but evicted were: tag bot:1');
    await expect(cache.expectEvicted(botDetails.all())).rejects.toThrow('cache bot-details to be evicted');
    await expect(cache.expectEvicted(pattern`bot:*`)).rejects.toThrow('pattern bot:* to be evicted');

    await bots.details('1');
    await expect(cache.expectEvicted(entry)).rejects.toThrow('not to be cached, but it is');

    for (const evictable of [botDetails.at('1'), pattern`bot:1:*`, botDetails.all()]) {
      cache.forget();
      await bots.details('1');
      await service.evict(evictable);
      await cache.expectEvicted(evictable);
      await cache.expectEvicted(entry);
    }
    cache.forget();
    await service.clear();
    await cache.expectEvicted(entry);
    await cache.expectEvicted(botDetails.all());
  });

  it('says in its message what became of an entry', async () => {
    const { cache, bots } = await start();
    await bots.details('1');
    await bots.rename('1', 'Bob');
    await expect(cache.expectCached(entry)).rejects.toThrow(
      /type: 'store'.*\n.*type: 'read'.*\n.*type: 'evict'.*what: 'bot:1'/,
    );
  });

  it('counts loads', async () => {
    const { cache, bots } = await start();
    await Promise.all([bots.details('1'), bots.details('1'), bots.details('2')]);
    expect(cache.loadsOf(entry)).toBe(1);
    expect(cache.loadsOf(botDetails.all())).toBe(2);
  });

  it('records every event, and not what the test looks up', async () => {
    const { cache, bots } = await start();
    await bots.details('1');
    await bots.details('1');
    await bots.rename('1', 'Bob');
    await cache.expectNotCached(entry);
    expect(cache.events).toMatchObject([
      { type: 'load', key: 'bot:1:details', failed: false },
      { type: 'store', key: 'bot:1:details', by: 'load' },
      { type: 'read', key: 'bot:1:details', outcome: 'miss' },
      { type: 'read', key: 'bot:1:details', outcome: 'hit', tier: 'l1' },
      { type: 'evict', kind: 'tag', what: 'bot:1', origin: 'here' },
    ]);
    cache.forget();
    expect(cache.events).toEqual([]);
  });

  it('has a clock that stands still until it is told to advance', async () => {
    const { cache, bots } = await start();
    await bots.details('1');
    cache.clock.advance('299s');
    await cache.expectCached(entry);
    cache.clock.advance('62s');
    await cache.expectNotCached(entry);
  });

  it('waits for what goes on in the background', async () => {
    const { cache, bots } = await start();
    await bots.details('1');
    bots.name = 'Bob';
    cache.clock.advance('5m');
    expect(await bots.details('1')).toEqual(ada);
    await cache.settled();
    await cache.expectCached(entry, { id: '1', name: 'Bob' });
  });

  describe.each(['fail', 'hang'] as const)('a cache that is told to %s', (how) => {
    it('leaves calls to their methods', async () => {
      const { cache, bots } = await start({ deadline: '20ms' });
      await bots.details('1');
      await cache[how]();
      bots.name = 'Bob';
      expect(await bots.details('1')).toEqual({ id: '1', name: 'Bob' });
      expect(await bots.details('1')).toEqual({ id: '1', name: 'Bob' });
      expect(bots.loads).toBe(3);
      await cache.expectNotCached(entry);
    });

    it('serves what it had when it recovers', async () => {
      const { cache, bots } = await start({ deadline: '20ms' });
      await bots.details('1');
      await cache[how]();
      await bots.details('2');
      await cache.recover();
      await cache.expectCached(entry, ada);
      await cache.expectNotCached(botDetails.at('2'));
    });

    it('evicts when it recovers what was evicted meanwhile', async () => {
      const { cache, bots } = await start({ deadline: '20ms' });
      await bots.details('1');
      await cache[how]();
      await bots.rename('1', 'Bob');
      await cache.recover();
      await cache.expectEvicted(entry);
    });

    it('fails what is strict', async () => {
      const { cache, service } = await start({ deadline: '20ms' });
      await cache[how]();
      await expect(service.evict(entry, { strict: true })).rejects.toMatchObject({
        code: 'CACHE_REDIS_UNAVAILABLE',
      });
    });
  });

  it('takes Redis away from the CacheModule of an application, and leaves its other options', async () => {
    const { cache, bots, service } = await start(undefined, {
      redis: 'redis://127.0.0.1:1',
      ttlOverrides: { 'bot-details': '1s' },
      disabled: [],
    });
    expect(service.status()).toBeUndefined();
    await bots.details('1');
    await cache.expectCached(entry, ada);
    cache.clock.advance('62s');
    await cache.expectNotCached(entry);
  });

  it('overrides options of an application where the test says so', async () => {
    const clock = new FakeClock(0);
    const { cache, bots } = await start({ clock, disabled: ['bot-details'] }, { disabled: [] });
    expect(cache.clock).toBe(clock);
    await bots.details('1');
    await cache.expectNotCached(entry);
    expect(cache.events).toMatchObject([{ type: 'read', outcome: 'bypass' }]);
  });

  it('says so when the application has no CacheModule', async () => {
    const module = await Test.createTestingModule({ imports: [CacheTestingModule.forApp()] }).compile();
    const cache = module.get(CacheTester);
    await expect(async () => cache.expectCached(entry)).rejects.toThrow(
      'Expected the application to have a CacheModule, got none.',
    );
  });
});
