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

const other = defineCache({
  name: 'other',
  key: (id: string) => key`other:${id}`,
  ttl: '5m',
  tagsOf: ({ org }: { org: string }) => [tag`org:${org}`],
});

const local = defineCache({ name: 'local', key: (id: string) => key`local:${id}`, ttl: '5m', l2: false });

const secret = defineCache({
  name: 'secret',
  key: (id: string) => key`secret:${id}`,
  ttl: '5m',
  compress: true,
  encrypt: true,
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
    await expect(cache.expectEvicted(entry)).rejects.toThrow(
      'Expected bot:1:details of cache bot-details to be evicted since it was stored last, but evicted were: none.',
    );
    await bots.rename('1', 'Bob');
    await cache.expectEvicted(entry);
    await cache.expectEvicted(tag`bot:${'1'}`);
    await expect(cache.expectEvicted(botDetails.at('2'))).rejects.toThrow('but it was never stored');
    await expect(cache.expectEvicted(botDetails.all())).rejects.toThrow('cache bot-details to be evicted');
    await expect(cache.expectEvicted(pattern`bot:*`)).rejects.toThrow('pattern bot:* to be evicted');

    await bots.details('1');
    await expect(cache.expectEvicted(entry)).rejects.toThrow('but evicted were: none');

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

  it('tells no eviction of an entry that there was not, or that was before it', async () => {
    const { cache, bots, service } = await start();
    await service.clear();
    await expect(cache.expectEvicted(entry)).rejects.toThrow('but it was never stored');
    await bots.details('1');
    cache.clock.advance('1h');
    await cache.expectNotCached(entry);
    await expect(cache.expectEvicted(entry)).rejects.toThrow('but evicted were: none');
    await service.evict(tag`bot:${'2'}`, botDetails.at('2'), pattern`bot:2:*`, other.all());
    await expect(cache.expectEvicted(entry)).rejects.toThrow(
      'but evicted were: tag bot:2, cache other, key bot:2:details, pattern bot:2:*.',
    );
    await service.evict(botDetails.at('1'));
    await cache.expectEvicted(entry);
    cache.forget();
    await expect(cache.expectEvicted(entry)).rejects.toThrow('but evicted were: none');
  });

  it('tells evictions of entries that were stored before what it has forgotten', async () => {
    const { cache, bots, service } = await start();
    await service.clear();
    await service.clear();
    await bots.details('1');
    cache.forget();
    await service.evict(botDetails.at('1'));
    await cache.expectEvicted(entry);
  });

  it.each([
    ['of the value', tag`org:${'acme'}`],
    ['of the call', tag`user:${'ann'}`],
  ])('tells an eviction by a tag %s', async (_, evicted) => {
    const { cache, service } = await start();
    const others = service.cache(other);
    await others.getOrLoad(['1'], () => ({ org: 'acme' }), { tags: [tag`user:${'ann'}`] });
    await others.set(['2'], { org: 'umbrella' });
    await service.evict(evicted);
    await cache.expectEvicted(other.at('1'));
    await expect(cache.expectEvicted(other.at('2'))).rejects.toThrow('but evicted were: tag');
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

  it('counts the loads of a cache that is disabled, and those of calls that pass it by', async () => {
    const { cache, bots, service } = await start({ disabled: ['bot-details'] });
    await Promise.all([bots.details('1'), bots.details('1')]);
    await service.cache(other).getOrLoad(['1'], () => ({ org: 'acme' }), { bypass: true });
    expect(cache.loadsOf(entry)).toBe(2);
    expect(cache.loadsOf(other.at('1'))).toBe(1);
  });

  it('changes nothing by looking', async () => {
    const { cache, bots, service } = await start();
    await bots.details('1');
    const counts = () => {
      const { hits, stale, misses, bypasses, invalid, loads } = service.stats().caches['bot-details']!;
      return { hits, stale, misses, bypasses, invalid, loads };
    };
    const before = counts();
    const { reads } = await service.trace(async () => {
      await cache.expectCached(entry);
      await cache.expectNotCached(botDetails.at('2'));
      // Gone from memory, and stale: what is read then would be kept, or refreshed.
      cache.clock.advance('330s');
      await cache.expectCached(entry, ada);
      cache.clock.advance('1h');
      await cache.expectNotCached(entry);
    });
    expect(reads).toEqual([]);
    expect(counts()).toEqual(before);
    expect(cache.loadsOf(entry)).toBe(1);
  });

  it('misses nothing that happens while it looks', async () => {
    const { cache, service } = await start({ deadline: '20ms' });
    await cache.hang();
    const looking = cache.expectNotCached(entry).catch(() => undefined);
    await service.cache(local).getOrLoad(['1'], () => 'loaded');
    await looking;
    expect(cache.loadsOf(local.at('1'))).toBe(1);
  });

  it('records every event, and not what the test looks up', async () => {
    const { cache, bots } = await start();
    await bots.details('1');
    await bots.details('1');
    await bots.rename('1', 'Bob');
    await cache.expectNotCached(entry);
    expect(cache.events).toMatchObject([
      { type: 'load', key: 'bot:1:details', failed: false },
      { type: 'store', key: 'bot:1:details', by: 'load', tags: ['bot:1'] },
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
    });

    it('cannot be looked at', async () => {
      const { cache, bots } = await start({ deadline: '20ms' });
      await bots.details('1');
      await cache[how]();
      await bots.rename('1', 'Bob');
      const text = `but it ${how}s, as it was told to. Call \`recover()\` before.`;
      for (const evicted of [entry, tag`bot:${'1'}`]) {
        await expect(cache.expectEvicted(evicted)).rejects.toThrow(text);
      }
      await expect(cache.expectNotCached(entry)).rejects.toThrow(text);
      await expect(cache.expectCached(entry)).rejects.toThrow(text);
      await cache.recover();
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

  it('stores nothing that is too large for Redis, and tells it', async () => {
    const { cache, bots, service } = await start({ maxEntryBytes: 300 });
    await bots.details('1');
    await cache.expectCached(entry, ada);
    await service.cache(botDetails).set(['1'], { id: '1', name: 'A'.repeat(300) });
    await bots.details('2');
    bots.name = 'B'.repeat(300);
    await bots.details('3');
    for (const id of ['1', '3']) await cache.expectNotCached(botDetails.at(id));
    await cache.expectCached(botDetails.at('2'));
    expect(cache.events.filter(({ type }) => type === 'problem')).toMatchObject([
      { operation: 'store', error: { code: 'CACHE_UNCACHEABLE_VALUE' } },
      { operation: 'store', error: { code: 'CACHE_UNCACHEABLE_VALUE' } },
    ]);
  });

  it('keeps nothing that is older than what is too large', async () => {
    const { cache, bots } = await start({ maxEntryBytes: 300 });
    await bots.details('1');
    cache.clock.advance('5m');
    bots.name = 'B'.repeat(300);
    expect(await bots.details('1')).toEqual(ada);
    await cache.settled();
    await cache.expectNotCached(entry);
  });

  it('compresses and encrypts, and reads it again', async () => {
    const { cache, service } = await start({ deadline: '5s' });
    const sealed = service.cache(secret);
    // Much enough to be compressed beside the event loop.
    const value = 'A'.repeat(200_000);
    await sealed.set(['1'], value);
    await sealed.getOrLoad(['2'], () => value);
    await cache.fail();
    await cache.recover();
    expect(await sealed.getMany([['1'], ['2']])).toEqual([value, value]);
    await cache.fail();
    await cache.recover();
    expect(await sealed.touch(['1'])).toBe(true);
    await cache.expectCached(secret.at('1'), value);
  });

  it('has room for more than the memory of a process', async () => {
    const { cache, bots } = await start({ l1: { maxEntries: 1 } });
    await bots.details('1');
    await bots.details('2');
    await cache.expectCached(entry);
    await cache.expectCached(botDetails.at('2'));
  });

  it.each<[string, Partial<CacheModuleOptions>, string]>([
    [
      'encrypts without keys',
      { redis: 'redis://127.0.0.1:1', defaults: { encrypt: true } },
      '`defaults.encrypt`',
    ],
    ['has no Redis at its address', { redis: 'redis//127.0.0.1' }, '`redis`'],
    ['has an option that there is none of', { redis: { url: 'redis://a', tsl: {} } as never }, '`redis.tsl`'],
  ])('does not start an application that %s', async (_, app, what) => {
    await expect(start(undefined, app)).rejects.toThrow(what);
  });

  it('starts one that gets its keys from the test, or needs none without Redis', async () => {
    const encryption = { keys: [{ id: 'a', key: new Uint8Array(32) }] };
    const options = { redis: 'redis://127.0.0.1:1', defaults: { encrypt: true } };
    for (const [own, app] of [
      [{ encryption }, options],
      [{}, { defaults: { encrypt: true } }],
    ] as const) {
      const { cache, bots } = await start(own, app);
      await bots.details('1');
      await cache.expectCached(entry, ada);
    }
  });

  it('overrides options of an application where the test says so', async () => {
    const clock = new FakeClock(0);
    const { cache, bots } = await start({ clock, disabled: ['bot-details'] }, { disabled: [] });
    expect(cache.clock).toBe(clock);
    await bots.details('1');
    await cache.expectNotCached(entry);
    expect(cache.events).toMatchObject([
      { type: 'read', outcome: 'bypass' },
      { type: 'load', failed: false },
    ]);
  });

  it('says so when the application has no CacheModule', async () => {
    const module = await Test.createTestingModule({ imports: [CacheTestingModule.forApp()] }).compile();
    const cache = module.get(CacheTester);
    await expect(async () => cache.expectCached(entry)).rejects.toThrow(
      'Expected the application to have a CacheModule, got none.',
    );
  });
});
