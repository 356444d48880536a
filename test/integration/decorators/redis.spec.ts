import { Injectable } from '@nestjs/common';
import {
  CacheDefaults,
  CacheEvict,
  CachePut,
  Cacheable,
  CacheableMany,
  defineCache,
  key,
  pattern,
  tag,
} from 'nestjs-roost';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { useApps } from './support/testing-app.js';

interface Bot {
  readonly id: string;
  readonly version: number;
  readonly since: Date;
}

// Without L1, so that each instance sees at once what the other one did.
const policy = { ttl: '5m', l1: false } as const;
const bots = defineCache({
  name: 'bots',
  key: (id: string) => key`bot:${id}`,
  tags: (id) => [tag`bot:${id}`],
  ...policy,
});
const details = defineCache({ name: 'details', key: (id: string) => key`bot:${id}:details`, ...policy });

const byOrg = defineCache({
  name: 'by-org',
  key: (org: string, id: string) => key`org:${org}:${id}`,
  ...policy,
});

@Injectable()
@CacheDefaults({ ttl: '1m', staleIfError: '1h' })
class Bots {
  version = 1;
  calls = 0;

  @Cacheable(bots)
  async find(id: string): Promise<Bot> {
    return this.bot(id);
  }

  @Cacheable(details)
  async details(id: string): Promise<Bot> {
    return this.bot(id);
  }

  @CachePut({ cache: details, select: (bot: Bot) => [bot.id] })
  @CacheEvict({ tags: (bot: Bot) => [tag`bot:${bot.id}`] })
  async update(id: string): Promise<Bot> {
    this.version += 1;
    return this.bot(id);
  }

  @CacheEvict({ pattern: (id: string) => pattern`bot:${id}*`, before: true })
  async forget(_id: string): Promise<void> {}

  @CacheEvict({ cache: bots, all: true })
  @CacheEvict({ cache: details, select: (_result: void, id: string) => [id] })
  async clear(_id: string): Promise<void> {}

  @Cacheable(details, (_org: string, id: string) => [id], { ttl: '10s' })
  @Cacheable(byOrg)
  async ofOrg(_org: string, id: string): Promise<Bot> {
    return this.bot(id);
  }

  @CacheableMany(bots)
  async findMany(ids: readonly string[]): Promise<Bot[]> {
    return ids.map((id) => this.bot(id));
  }

  @CacheableMany(bots, undefined, { result: 'map' })
  async findMap(ids: readonly string[]): Promise<Map<string, Bot>> {
    return new Map(ids.filter((id) => id !== 'none').map((id) => [id, this.bot(id)]));
  }

  private bot(id: string): Bot {
    this.calls += 1;
    return { id, version: this.version, since: new Date(this.version) };
  }
}

describe('decorated methods on Redis', () => {
  const start = useApps();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedisServer();
  });

  afterAll(() => redis.stop());

  let namespaces = 0;
  let here: Bots;
  let there: Bots;

  beforeEach(async () => {
    namespaces += 1;
    const options = { namespace: `test:${namespaces}`, redis: redis.url };
    const apps = await Promise.all([
      start({ providers: [Bots] }, options),
      start({ providers: [Bots] }, options),
    ]);
    [here, there] = apps.map((app) => app.get(Bots)) as [Bots, Bots];
  });

  it('share what they load with the other instances, dates included', async () => {
    const loaded = await here.find('1');

    expect(await there.find('1')).toEqual(loaded);
    expect(loaded.since).toEqual(new Date(1));
    expect(there.calls).toBe(0);
  });

  it('have put and evicted when their promise resolves', async () => {
    await Promise.all([here.find('1'), here.find('10'), here.details('1')]);
    await here.update('1');

    expect(await there.details('1')).toMatchObject({ version: 2 });
    expect(await there.find('10')).toMatchObject({ version: 1 });
    expect(there.calls).toBe(0);
    await there.find('1');
    expect(there.calls).toBe(1);
  });

  it('evict by pattern: bot 1 and what lies below it, not bot 10', async () => {
    await Promise.all([here.find('1'), here.find('10'), here.details('1')]);
    await there.forget('1');

    await Promise.all([there.find('1'), there.find('10'), there.details('1')]);
    expect(there.calls).toBe(2);
  });

  it('evict whole caches and single entries', async () => {
    await Promise.all([here.find('1'), here.find('2'), here.details('1'), here.details('2')]);
    await there.clear('1');

    await Promise.all([there.find('1'), there.find('2'), there.details('1'), there.details('2')]);
    expect(there.calls).toBe(3);
  });

  it('with several caches return what another instance has stored in a later one, and do not copy it', async () => {
    await here.ofOrg('a', '1');
    await there.clear('1');

    expect(await there.ofOrg('a', '1')).toMatchObject({ version: 1 });
    expect(there.calls).toBe(0);
    await there.details('1');
    expect(there.calls).toBe(1);
  });

  it('from ids to values ask for those that no instance has stored', async () => {
    await here.find('1');
    await here.findMap(['2', 'none']);

    expect((await there.findMany(['3', '1', '2'])).map(({ id }) => id)).toEqual(['3', '1', '2']);
    expect(there.calls).toBe(1);
    expect([...(await there.findMap(['none', '3'])).keys()]).toEqual(['3']);
    expect(there.calls).toBe(1);
  });
});

describe('decorated methods while Redis is away', () => {
  const start = useApps();

  it('return what the method returns, puts and evictions included', async () => {
    const redis = await startRedisServer();
    const app = await start({ providers: [Bots] }, { redis: redis.url });
    const service = app.get(Bots);
    await service.find('1');
    await redis.kill();

    expect(await service.find('1')).toMatchObject({ id: '1' });
    expect(await service.update('1')).toMatchObject({ version: 2 });
    await expect(service.forget('1')).resolves.toBeUndefined();
    await expect(service.clear('1')).resolves.toBeUndefined();
    await redis.stop();
  });
});
