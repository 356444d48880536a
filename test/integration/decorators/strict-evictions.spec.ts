import { Injectable } from '@nestjs/common';
import { CacheError, CacheEvict, CachePut, defineCache, key, pattern, tag } from 'nestjs-roost';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { useApps } from './support/testing-app.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });

@Injectable()
class Bots {
  calls = 0;

  @CacheEvict({ cache: bots, select: (_result: number, id: string) => [id], strict: true })
  async entry(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({ cache: bots, all: true, strict: true })
  async all(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({ tags: (_result: number, id: string) => [tag`bot:${id}`], strict: true })
  async tags(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({ pattern: (_result: number, id: string) => pattern`bot:${id}`, strict: true })
  async pattern(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({ cache: bots, all: true, strict: true, before: true })
  async before(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({ cache: bots, all: true })
  @CacheEvict({ tags: (_result: number, id: string) => [tag`bot:${id}`] })
  async lenient(_id: string): Promise<number> {
    return this.next();
  }

  @CacheEvict({
    tags: () => {
      throw new RangeError('nobody knows');
    },
    strict: true,
  })
  @CacheEvict({
    tags: () => {
      throw new TypeError('nor here');
    },
    strict: true,
  })
  @CacheEvict({
    tags: () => {
      throw new SyntaxError('lenient');
    },
  })
  @CacheEvict({ cache: bots, select: (_result: number, id: string) => [id] })
  @CachePut({ cache: bots, select: (_result: number, id: string) => [`${id}-put`] })
  async failingSelector(_id: string): Promise<number> {
    return this.next();
  }

  private async next(): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

const METHODS = ['entry', 'all', 'tags', 'pattern'] as const;

describe('strict evictions', () => {
  const start = useApps();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedisServer();
  });

  afterAll(() => redis.stop());

  it('change nothing while Redis answers', async () => {
    const app = await start({ providers: [Bots] }, { redis: redis.url });
    for (const method of [...METHODS, 'before'] as const) {
      await app.service.cache(bots).set(['1'], 1);
      await expect(app.get(Bots)[method]('1')).resolves.toBeGreaterThan(0);
    }
    expect(await app.service.cache(bots).has('1')).toBe(false);
  });

  it('reject with what a selector throws, when all else is done; other failures are reported', async () => {
    const app = await start({ providers: [Bots] }, { redis: redis.url });
    const problems: string[] = [];
    app.service.reportProblem = (operation, error) => void problems.push(`${operation}: ${String(error)}`);
    await app.service.cache(bots).set(['1'], 1);

    // The lowest decorator comes first.
    await expect(app.get(Bots).failingSelector('1')).rejects.toThrow(new TypeError('nor here'));
    expect(app.get(Bots).calls).toBe(1);
    expect(problems.toSorted()).toEqual([
      'eviction after Bots.failingSelector: RangeError: nobody knows',
      'eviction after Bots.failingSelector: SyntaxError: lenient',
    ]);
    expect(await app.service.cache(bots).getMany([['1'], ['1-put']])).toEqual([undefined, 1]);
  });

  it('reject when Redis is away: after the method, or in place of it', async () => {
    const gone = await startRedisServer();
    const app = await start({ providers: [Bots] }, { redis: gone.url });
    await gone.kill();
    const service = app.get(Bots);

    for (const [i, method] of METHODS.entries()) {
      const error: unknown = await service[method]('1').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CacheError);
      expect(error).toMatchObject({ code: 'CACHE_REDIS_UNAVAILABLE' });
      expect(service.calls).toBe(i + 1);
    }
    await expect(service.before('1')).rejects.toMatchObject({ code: 'CACHE_REDIS_UNAVAILABLE' });
    expect(service.calls).toBe(METHODS.length);
    await expect(service.lenient('1')).resolves.toBe(METHODS.length + 1);
    await gone.stop();
  });
});
