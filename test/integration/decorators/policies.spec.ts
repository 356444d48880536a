import { Injectable } from '@nestjs/common';
import {
  CacheDefaults,
  CachePut,
  CacheService,
  Cacheable,
  CacheableMany,
  defineCache,
  key,
  tag,
} from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';
import { handService } from '../../../src/decorators/service-property.js';
import { useApps, type TestingApp } from './support/testing-app.js';

const bots = defineCache({
  name: 'bots',
  key: (id: string) => key`bot:${id}`,
  ttl: '1h',
  nullTtl: '1m',
  tags: (id) => [tag`bot:${id}`],
});

class Counting {
  calls = 0;

  protected async next(): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

@Injectable()
class PlainBots extends Counting {
  @Cacheable(bots)
  async find(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable(bots, undefined, { ttl: '10m' })
  async findBriefly(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable(bots, undefined, { ttl: 0 })
  async findAndStoreNothing(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable(bots, undefined, {
    ttl: (value: number, id: string) => (value > 1 ? '1h' : 60_000 * Number(id)),
  })
  async findByValue(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable(bots, undefined, { ttl: '10m', staleIfError: '1h' })
  async findTolerantly(id: string): Promise<number> {
    if (this.calls > 0) throw new Error(`no ${id}`);
    return this.next();
  }
}

@Injectable()
@CacheDefaults({ prefix: 'short', ttl: '5m', jitter: 0 })
class ShortBots extends Counting {
  @Cacheable(bots)
  async find(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable(bots, undefined, { ttl: '10m' })
  async findLonger(_id: string): Promise<number> {
    return this.next();
  }

  @CachePut({ cache: bots, select: (_result: number, id: string) => [id] })
  async put(_id: string): Promise<number> {
    return this.next();
  }

  @CacheableMany(bots)
  async findMany(ids: readonly string[]): Promise<number[]> {
    return Promise.all(ids.map(() => this.next()));
  }

  @Cacheable()
  async implicit(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable({ ttl: '20m' })
  async implicitLonger(_id: string): Promise<number> {
    return this.next();
  }

  @Cacheable({ name: 'named' })
  async named(_id: string): Promise<number> {
    return this.next();
  }
}

@Injectable()
@CacheDefaults({ ttl: '2m' })
class ShorterBots extends ShortBots {}

@Injectable()
class HeirOfShortBots extends ShortBots {}

describe('the policy of a method', () => {
  const start = useApps();
  const clock = new FakeClock();
  let app: TestingApp;
  let caches: CacheService;

  const run = async (providers: (new () => object)[], options = {}) => {
    app = await start({ providers }, { clock, defaults: { jitter: 0 }, ...options });
    caches = app.service;
  };

  /** How many minutes later the method is called again, of those that are tried. */
  async function livesFor(
    instance: Counting,
    read: () => Promise<unknown>,
    minutes: readonly number[] = [1, 2, 5, 10, 20, 60],
  ): Promise<number> {
    await caches.clear();
    const begin = clock.now();
    await read();
    const calls = instance.calls;
    for (const minute of minutes) {
      clock.advance(begin + minute * 60_000 - clock.now());
      await read();
      if (instance.calls > calls) return minute;
    }
    return Infinity;
  }

  it('is the definition’s, where nobody says anything', async () => {
    await run([PlainBots]);
    const plain = app.get(PlainBots);
    expect(await livesFor(plain, () => plain.find('1'))).toBe(60);
  });

  it('is its own, before the definition’s', async () => {
    await run([PlainBots]);
    const plain = app.get(PlainBots);
    expect(await livesFor(plain, () => plain.findBriefly('1'))).toBe(10);
  });

  it('may be to store nothing, which still reads what others have stored', async () => {
    await run([PlainBots]);
    const plain = app.get(PlainBots);
    expect([await plain.findAndStoreNothing('1'), await plain.findAndStoreNothing('1')]).toEqual([1, 2]);
    expect([await plain.find('1'), await plain.findAndStoreNothing('1')]).toEqual([3, 3]);
  });

  it('may tell the ttl by the value and the arguments of the cache', async () => {
    await run([PlainBots]);
    const plain = app.get(PlainBots);
    expect(await livesFor(plain, () => plain.findByValue('2'))).toBe(2);
    expect(await livesFor(plain, () => plain.findByValue('2'))).toBe(60);
  });

  it('may keep what is stale for errors', async () => {
    await run([PlainBots]);
    const plain = app.get(PlainBots);
    await plain.findTolerantly('1');
    clock.advance('30m');
    expect(await plain.findTolerantly('1')).toBe(1);
    clock.advance('1h');
    await expect(plain.findTolerantly('1')).rejects.toThrow('no 1');
  });

  it('is its own, then the class’s, then the definition’s', async () => {
    await run([ShortBots]);
    const short = app.get(ShortBots);
    expect(await livesFor(short, () => short.find('1'))).toBe(5);
    expect(await livesFor(short, () => short.findLonger('1'))).toBe(10);
    expect(await livesFor(short, () => short.findMany(['1']))).toBe(5);
    expect(await livesFor(short, () => short.implicit('1'))).toBe(5);
    expect(await livesFor(short, () => short.implicitLonger('1'))).toBe(20);
  });

  it('is the class’s for what a method puts', async () => {
    await run([ShortBots, PlainBots]);
    const [short, plain] = [app.get(ShortBots), app.get(PlainBots)];
    await short.put('1');
    clock.advance('4m');
    await plain.find('1');
    expect(plain.calls).toBe(0);
    clock.advance('1m');
    await plain.find('1');
    expect(plain.calls).toBe(1);
  });

  it('is inherited, and nearer classes win field by field', async () => {
    await run([HeirOfShortBots, ShorterBots], { defaults: { jitter: 1 } });
    const [heir, shorter] = [app.get(HeirOfShortBots), app.get(ShorterBots)];
    expect(await livesFor(heir, () => heir.find('1'))).toBe(5);
    expect(await livesFor(shorter, () => shorter.find('1'))).toBe(2);
    expect(await livesFor(shorter, () => shorter.findLonger('1'))).toBe(10);
    expect(await livesFor(shorter, () => shorter.implicit('1'))).toBe(2);
  });

  it('gives way to the operator', async () => {
    await run([PlainBots, ShortBots], { ttlOverrides: { bots: '20m', 'short.implicit': '1m' } });
    const [plain, short] = [app.get(PlainBots), app.get(ShortBots)];
    expect(await livesFor(plain, () => plain.findBriefly('1'))).toBe(20);
    expect(await livesFor(short, () => short.find('1'))).toBe(20);
    expect(await livesFor(short, () => short.implicit('1'))).toBe(1);
  });

  it('takes what nobody says from the module', async () => {
    await run([ShortBots], { defaults: { jitter: 0, staleWhileRevalidate: '10m' } });
    const short = app.get(ShortBots);
    await short.find('1');
    clock.advance('8m');
    expect((await caches.trace(() => short.find('1'))).reads).toMatchObject([{ outcome: 'stale' }]);
  });

  it('leaves all users of a cache one cache: entries, tags, loads and counts', async () => {
    await run([PlainBots, ShortBots]);
    const [plain, short] = [app.get(PlainBots), app.get(ShortBots)];
    const values = await Promise.all([plain.find('1'), plain.findBriefly('1'), short.find('1')]);
    expect(values).toEqual([1, 1, 1]);
    expect(plain.calls + short.calls).toBe(1);

    expect(await caches.cache(bots).get('1')).toBe(1);
    expect(caches.stats().caches['bots']).toMatchObject({ misses: 3, hits: 1 });

    await caches.evictTags(tag`bot:1`);
    expect(await short.find('1')).toBe(1);
    expect(short.calls).toBe(1);
    await caches.cache(bots).clear();
    expect(await plain.find('1')).toBe(2);
  });

  it('does not keep anybody’s cache on when its name is disabled', async () => {
    await run([PlainBots, ShortBots], { disabled: ['bots'] });
    const [plain, short] = [app.get(PlainBots), app.get(ShortBots)];
    const outcomes = async () => {
      const { reads } = await caches.trace(async () => {
        await plain.find('1');
        await plain.findBriefly('1');
        await short.find('1');
      });
      return reads.map(({ outcome }) => outcome);
    };
    expect(await outcomes()).toEqual(['bypass', 'bypass', 'bypass']);
    await caches.enable('bots');
    expect(await outcomes()).toEqual(['miss', 'hit', 'hit']);
    await caches.disable('bots');
    expect(await outcomes()).toEqual(['bypass', 'bypass', 'bypass']);
  });

  it('may differ from class to class for a cache that has a name of its own', async () => {
    await run([ShortBots, ShorterBots]);
    const [short, shorter] = [app.get(ShortBots), app.get(ShorterBots)];
    expect(await livesFor(short, () => short.named('1'))).toBe(5);
    expect(await livesFor(shorter, () => shorter.named('1'))).toBe(2);
    await short.named('2');
    const { calls } = shorter;
    await shorter.named('2');
    expect(shorter.calls).toBe(calls);
  });
});

describe('the names of caches without a definition', () => {
  const start = useApps();

  it('begin with the prefix of the class, not of the class that it extends; a name of its own stays', async () => {
    const { service } = await start({ providers: [ShortBots, HeirOfShortBots] });

    expect(Object.keys(service.stats().caches).toSorted()).toEqual([
      'HeirOfShortBots.implicit',
      'HeirOfShortBots.implicitLonger',
      'bots',
      'named',
      'short.implicit',
      'short.implicitLonger',
    ]);
  });

  it('are those of the class that a nameless one extends, prefix included', async () => {
    const Nameless = (() => class extends ShortBots {})();
    const { service } = await start({ providers: [{ provide: 'nameless', useClass: Nameless }] });

    expect(Object.keys(service.stats().caches)).toContain('short.implicit');
  });

  it('must differ from class to class', async () => {
    @CacheDefaults({ prefix: 'short' })
    class SamePrefix extends ShortBots {}

    await expect(start({ providers: [ShortBots, SamePrefix] })).rejects.toThrow(
      /got a second definition named `short\.implicit`\..* It is used by (.+) of SamePrefix, the first one by \1\.$/,
    );
  });

  it('begin their keys, too', async () => {
    const app = await start({ providers: [ShortBots] });
    const { reads } = await app.service.trace(() => app.get(ShortBots).implicit('1'));

    expect(reads).toMatchObject([{ key: 'short.implicit:%q1' }]);
  });
});

describe('all that a class says', () => {
  const start = useApps();

  it('counts for caches without a definition, and of one that has a name, as the declaring class says', async () => {
    @CacheDefaults({ ttl: '1m', isolation: 'share', version: 2, l1: { maxEntries: 1 }, l2: false })
    class Sharing {
      @Cacheable()
      async find(): Promise<object> {
        return {};
      }

      @Cacheable({ isolation: 'clone' })
      async clone(): Promise<object> {
        return {};
      }

      @Cacheable({ name: 'of-sharing' })
      async named(): Promise<object> {
        return {};
      }

      @Cacheable(bots, () => ['1'])
      async explicit(): Promise<object> {
        return {};
      }
    }
    @CacheDefaults({ isolation: 'clone' })
    class Heir extends Sharing {}

    const app = await start({ providers: [Sharing, Heir] });
    const [sharing, heir] = [app.get(Sharing), app.get(Heir)];
    await Promise.all([sharing.find(), sharing.explicit(), heir.named()]);
    expect(await sharing.find()).toBe(await sharing.find());
    expect(await sharing.clone()).not.toBe(await sharing.clone());
    expect(await sharing.explicit()).not.toBe(await sharing.explicit());
    expect(await heir.find()).not.toBe(await heir.find());
    expect(await heir.named()).toBe(await heir.named());
  });

  it('has to include a ttl for caches that have none: the start tells of one that is missing', async () => {
    class WithoutTtl {
      @Cacheable({ staleIfError: '1h' })
      async find(): Promise<number> {
        return 1;
      }
    }

    await expect(start({ providers: [WithoutTtl] })).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringMatching(
        /^Expected the options of @Cacheable of WithoutTtl\.find to have a `ttl`, or @CacheDefaults of class WithoutTtl, got none\.\n\nPotential solutions:\n- .*\n- .*@CacheDefaults\({ ttl: '5m' }\)/,
      ),
    });
  });

  it('has to include it in the class that is used: one that extends it may add it', async () => {
    class WithoutTtl {
      @Cacheable()
      async find(): Promise<number> {
        return 1;
      }

      @Cacheable({ name: 'named-without-ttl' })
      async named(): Promise<number> {
        return 1;
      }
    }
    @CacheDefaults({ ttl: '1m' })
    class WithTtl extends WithoutTtl {}

    const app = await start({ providers: [WithTtl] });
    expect(await app.get(WithTtl).find()).toBe(1);
    // As an instance that came later than the start.
    const late = new WithoutTtl();
    handService(late, app.service);
    await expect(late.find()).rejects.toThrow('WithoutTtl.find to have a `ttl`');
  });
});

describe('timeouts of a method', () => {
  const start = useApps();

  const slow = defineCache({ name: 'slow', key: (id: string) => key`slow:${id}`, ttl: '1h' });

  @Injectable()
  class Slow {
    readonly loads: ((value: number) => void)[] = [];

    @Cacheable(slow, undefined, { hardTimeout: 1 })
    async impatient(_id: string): Promise<number> {
      return this.load();
    }

    @Cacheable(slow)
    async patient(_id: string): Promise<number> {
      return this.load();
    }

    private load(): Promise<number> {
      return new Promise((resolve) => this.loads.push(resolve));
    }
  }

  it.each([
    ['impatient', 'patient'],
    ['patient', 'impatient'],
  ] as const)('are its own, whoever loads: %s before %s', async (first, second) => {
    const app = (await start({ providers: [Slow] })).get(Slow);
    const calls = { [first]: app[first]('1'), [second]: app[second]('1') };
    await expect(calls['impatient']).rejects.toMatchObject({ name: 'CacheLoadTimeoutError' });
    expect(app.loads).toHaveLength(1);
    app.loads[0]?.(42);
    expect(await calls['patient']).toBe(42);
  });
});
