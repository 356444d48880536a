import { Injectable } from '@nestjs/common';
import { Cacheable, CacheService, defineCache, key, tag } from 'nestjs-roost';
import type { CacheRuntime } from '../../../src/cache.runtime.js';
import { CACHE_RUNTIME } from '../../../src/tokens.js';
import { useApps, useProvider } from './support/testing-app.js';

interface Bot {
  readonly id: string;
  readonly name: string | null;
}

const details = defineCache({
  name: 'details',
  key: (id: string) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});
const pairs = defineCache({ name: 'pairs', key: (a: string, b?: string) => key`pair:${a}:${b}`, ttl: '5m' });

@Injectable()
class Bots {
  readonly calls: string[] = [];
  readonly suffix = '!';

  @Cacheable(details, (_userId: string, id: string) => [id])
  async details(userId: string, id: string): Promise<Bot> {
    this.calls.push(`details ${userId} ${id}`);
    return { id, name: `${id} of ${userId}` };
  }

  @Cacheable(pairs)
  async pair(a: string, b?: string): Promise<string> {
    this.calls.push(`pair ${a} ${b}`);
    return `${a}${b}`;
  }

  @Cacheable({ ttl: '1m' })
  async failing(): Promise<string> {
    this.calls.push('failing');
    throw new RangeError(`failure ${this.calls.length}`);
  }

  @Cacheable({ ttl: '1m' })
  async nothing(_what: null | undefined): Promise<null> {
    this.calls.push('nothing');
    return null;
  }

  @Cacheable(details, undefined, {
    when(this: Bots, id: string) {
      return !id.endsWith(this.suffix);
    },
    unless: (bot: Bot, id: string) => bot.name === null && id !== 'kept',
  })
  async conditional(id: string): Promise<Bot> {
    this.calls.push(`conditional ${id}`);
    return { id, name: id.startsWith('named') ? id : null };
  }

  @Cacheable(details, (bot?: Bot) => [(bot as Bot).id], {
    when: (bot?: Bot) => bot !== undefined,
  })
  async guarded(bot?: Bot): Promise<Bot | undefined> {
    this.calls.push('guarded');
    return bot;
  }

  @Cacheable({ ttl: '1m', when: () => false })
  async failingPast(): Promise<string> {
    this.calls.push('failingPast');
    throw new RangeError('past the cache');
  }

  @Cacheable(details, function (this: Bots, id: string) {
    return [id + this.suffix];
  })
  async ofThis(id: string): Promise<string> {
    this.calls.push('ofThis');
    return id;
  }

  @Cacheable({ ttl: '1m' })
  async twice(id: string): Promise<string> {
    this.calls.push('twice');
    const [first, second] = [await this.details('u', id), await this.details('v', id)];
    return `${first.name} ${second.name}`;
  }
}

describe('@Cacheable', () => {
  const provide = useProvider();
  const start = useApps();

  it('runs the method once for one key, whatever the other arguments are', async () => {
    const bots = await provide(Bots);

    const first = await bots.details('ann', '1');
    const second = await bots.details('bob', '1');

    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(second).toEqual({ id: '1', name: '1 of ann' });
    await bots.details('ann', '2');
    expect(bots.calls).toEqual(['details ann 1', 'details ann 2']);
  });

  it('runs the method once for all who call at the same time', async () => {
    const bots = await provide(Bots);

    const results = await Promise.all(Array.from({ length: 20 }, () => bots.details('ann', '1')));

    expect(new Set(results.map(({ name }) => name)).size).toBe(1);
    expect(bots.calls).toHaveLength(1);
  });

  it('passes the arguments on where the cache takes the same', async () => {
    const bots = await provide(Bots);

    expect([await bots.pair('a'), await bots.pair('a', 'b'), await bots.pair('a')]).toEqual([
      'aundefined',
      'ab',
      'aundefined',
    ]);
    expect(bots.calls).toEqual(['pair a undefined', 'pair a b']);
  });

  it('stores null, and tells null from undefined in the key', async () => {
    const bots = await provide(Bots);

    for (const what of [null, null, undefined, undefined]) expect(await bots.nothing(what)).toBeNull();

    expect(bots.calls).toHaveLength(2);
  });

  it("passes the method's own error on, and does not store it", async () => {
    const bots = await provide(Bots);

    await expect(bots.failing()).rejects.toThrow(new RangeError('failure 1'));
    await expect(bots.failing()).rejects.toThrow(new RangeError('failure 2'));
  });

  it('takes its part in a method that calls another one of the same instance', async () => {
    const bots = await provide(Bots);

    expect(await bots.twice('1')).toBe('1 of u 1 of u');
    await bots.twice('1');
    await bots.details('w', '1');

    expect(bots.calls).toEqual(['twice', 'details u 1']);
  });

  it('gives `this` to the selector', async () => {
    const bots = await provide(Bots);

    await bots.ofThis('1');
    await bots.details('ann', '1!');

    expect(bots.calls).toEqual(['ofThis']);
  });

  it('rejects, and never throws, when it is called without its instance or on something else', async () => {
    const bots = await provide(Bots);
    const ofThis: (id: string) => Promise<string> = Reflect.get(bots, 'ofThis');

    await expect(ofThis('1')).rejects.toMatchObject({ code: 'CACHE_INVALID_USE' });
    await expect(ofThis.call({}, '1')).rejects.toMatchObject({ code: 'CACHE_INVALID_USE' });
    await expect(ofThis.call(null, '1')).rejects.toMatchObject({ code: 'CACHE_INVALID_USE' });
  });

  it('rejects, and never throws, when the selector fails or returns no arguments', async () => {
    class Careless {
      @Cacheable(details, (bot: Bot | null) => [(bot as Bot).id])
      async failing(_bot: Bot | null): Promise<string> {
        return 'called';
      }

      @Cacheable(details, (id: string) => id as unknown as [string])
      async noArray(_id: string): Promise<string> {
        return 'called';
      }
    }
    const careless = await provide(Careless);

    await expect(careless.failing(null)).rejects.toThrow(TypeError);
    await expect(careless.noArray('1')).rejects.toThrow(
      'Expected `select` of Careless.noArray to return the arguments of cache `details` as an array, got a string.',
    );
  });

  it('becomes async where it was not, as every method that waits for a cache', async () => {
    class Sync {
      calls = 0;

      find(id: string): string | Promise<string> {
        this.calls += 1;
        return id;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Sync.prototype, 'find') as PropertyDescriptor;
    (Cacheable({ ttl: '1m' }) as MethodDecorator)(Sync.prototype, 'find', descriptor);
    Object.defineProperty(Sync.prototype, 'find', descriptor);

    const sync = await provide(Sync);

    expect([await sync.find('1'), await sync.find('1')]).toEqual(['1', '1']);
    expect(sync.calls).toBe(1);
  });

  describe('when and unless', () => {
    it('`when` that says no neither reads nor stores', async () => {
      const bots = await provide(Bots);

      await bots.conditional('named!');
      await bots.conditional('named!');
      await bots.details('ann', 'named!');

      expect(bots.calls).toEqual(['conditional named!', 'conditional named!', 'details ann named!']);
    });

    it('`unless` that says yes returns without storing', async () => {
      const bots = await provide(Bots);

      for (const id of ['named', 'named', 'other', 'other', 'kept', 'kept']) {
        expect((await bots.conditional(id)).id).toBe(id);
      }

      expect(bots.calls).toEqual([
        'conditional named',
        'conditional other',
        'conditional other',
        'conditional kept',
      ]);
    });

    it('`when` that says no leaves the method its error, and runs it once', async () => {
      const bots = await provide(Bots);

      await expect(bots.failingPast()).rejects.toThrow(new RangeError('past the cache'));
      expect(bots.calls).toEqual(['failingPast']);
    });

    it('`when` or `unless` that answers with a promise is refused, since any promise counts as yes', async () => {
      class Waiting {
        @Cacheable({ ttl: '1m', when: (async () => false) as unknown as () => boolean })
        async when(): Promise<string> {
          return 'called';
        }

        @Cacheable({ ttl: '1m', unless: (async () => false) as unknown as () => boolean })
        async unless(): Promise<string> {
          return 'called';
        }
      }
      const app = await start({ providers: [Waiting] });
      const problems: unknown[] = [];
      app.module
        .get<CacheRuntime>(CACHE_RUNTIME)
        .events.problems.subscribe((problem) => problems.push(problem));

      await expect(app.get(Waiting).when()).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringMatching(
          /^Expected `when` of Waiting\.when to return true or false at once, got/,
        ),
      });
      await expect(app.get(Waiting).unless()).resolves.toBe('called');
      expect(problems).toEqual([
        {
          operation: 'store',
          error: expect.objectContaining({
            message: expect.stringMatching(
              /^Expected `unless` of Waiting\.unless to return true or false at once/,
            ),
          }),
        },
      ]);
    });

    it('`when` can keep arguments away that make no key', async () => {
      const bots = await provide(Bots);

      await expect(bots.guarded()).resolves.toBeUndefined();
      await bots.guarded({ id: '1', name: null });
      await bots.guarded({ id: '1', name: null });

      expect(bots.calls).toEqual(['guarded', 'guarded']);
    });
  });
});

describe('the record of reads', () => {
  const start = useApps();

  it('tells hits, misses and bypasses of decorated methods apart', async () => {
    const app = await start({ providers: [Bots] });
    const bots = app.get(Bots);

    const { reads } = await app.get(CacheService).trace(async () => {
      await bots.conditional('named');
      await bots.conditional('named');
      await bots.conditional('named!');
      await bots.guarded();
    });

    expect(reads.map(({ cache, outcome }) => `${cache} ${outcome}`)).toEqual([
      'details miss',
      'details hit',
      'details bypass',
    ]);
  });

  it('takes a read whose loader failed for a miss', async () => {
    const app = await start({ providers: [Bots] });

    await expect(app.get(Bots).failing()).rejects.toThrow(RangeError);

    expect(app.service.stats().caches['Bots.failing']).toMatchObject({ hits: 0, misses: 1, hitRatio: 0 });
  });
});
