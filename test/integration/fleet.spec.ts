import { Redis } from 'ioredis';
import { defineCache, type CacheDefinition } from '../../src/definition/define-cache.js';
import { key, pattern, tag, type CacheTag } from '../../src/definition/template.js';
import { Cache } from '../../src/cache-handle.js';
import { delivered } from '../support/bus-barrier.js';
import { ManualLoader, startEngine, type EngineUnderTest } from '../support/engine.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { EVERYTHING } from '../../src/engine/bound-cache.js';

interface Bot {
  readonly id: string;
  readonly org: string;
}

const bots = defineCache<readonly [id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});

const owned = defineCache<readonly [id: string], Bot>({
  name: 'owned',
  key: (id) => key`owned:${id}`,
  ttl: '5m',
  tagsOf: (bot): CacheTag[] => [tag`org:${bot.org}`],
});

describe('two instances on one Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  let one: EngineUnderTest;
  let two: EngineUnderTest;
  let namespaces = 0;

  const cacheIn = <Value>(
    { runtime }: EngineUnderTest,
    definition: CacheDefinition<readonly [id: string], Value>,
  ): Cache<readonly [id: string], Value> =>
    new Cache(runtime.engine, runtime.engine.bind(definition), () => Date.now());
  const neverLoad = () => {
    throw new Error('the loader must not run');
  };

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    await admin.quit();
    await server.stop();
  });

  beforeEach(async () => {
    const options = { redis: { url: server.url, deadline: 2_000 }, namespace: `fleet:${(namespaces += 1)}` };
    [one, two] = await Promise.all([startEngine(options), startEngine(options)]);
  });

  afterEach(() => Promise.all([one.runtime.close(), two.runtime.close()]));

  async function commands(of: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await calls();
    await of();
    const after = await calls();
    const used = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return Object.fromEntries(
      used.filter(([name, count]) => count > 0 && name !== 'info' && name !== 'ping'),
    );
  }

  async function calls(): Promise<Record<string, number>> {
    const stats = await admin.info('commandstats');
    const lines = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)];
    return Object.fromEntries(lines.map(([, name, count]) => [name!, Number(count)]));
  }

  const evictions: [string, (bots: Cache<readonly [id: string], string>) => Promise<unknown>][] = [
    ['a key', (cache) => cache.evict('1')],
    ['a put', (cache) => cache.set(['1'], 'new')],
    ['a tag', () => one.runtime.engine.writes.evictTags([tag`bot:${1}`])],
    ['a pattern', () => one.runtime.engine.writes.evictMatching(pattern`bot:*`)],
    ['a cache', (cache) => cache.clear()],
    ['everything', () => one.runtime.engine.writes.evictTags([EVERYTHING])],
  ];

  it.each(evictions)('an eviction of %s in one empties L1 of the other', async (_, evict) => {
    const here = cacheIn(one, bots);
    const there = cacheIn(two, bots);
    await here.getOrLoad(['1'], () => 'old');
    expect(await there.lookup('1')).toMatchObject({ tier: 'l2', value: 'old' });
    expect(await there.lookup('1')).toMatchObject({ tier: 'l1', value: 'old' });
    await evict(here);
    await delivered(one, two);
    expect(await there.getOrLoad(['1'], () => 'new')).toBe('new');
    expect(await here.getOrLoad(['1'], neverLoad)).toBe('new');
  });

  it.each(evictions)(
    'an eviction of %s in one keeps a load of the other out of every tier',
    async (_, evict) => {
      const here = cacheIn(one, bots);
      const there = cacheIn(two, bots);
      const loader = new ManualLoader<string>();
      const slow = there.getOrLoad(['1'], loader.load);
      await loader.called(1);
      await evict(here);
      await delivered(one, two);
      const late = there.getOrLoad(['1'], () => 'new');
      loader.calls[0]!.resolve('old');
      expect(await slow).toBe('old');
      expect(await late).toBe('new');
      expect(await here.getOrLoad(['1'], () => 'new')).toBe('new');
      expect(await there.get('1')).toBe('new');
    },
  );

  it('an eviction that overtakes the answer of Redis wins over it', async () => {
    const here = cacheIn(one, bots);
    const there = cacheIn(two, bots);
    await here.set(['1'], 'old');
    const { client } = two.runtime.redis!.connection;
    const original = Object.getOwnPropertyDescriptor(client, 'getBuffer');
    const overtaken = async (name: string): Promise<Buffer | null> => {
      if (original === undefined) Reflect.deleteProperty(client, 'getBuffer');
      else Object.defineProperty(client, 'getBuffer', original);
      const bytes = await client.getBuffer(name);
      await here.evict('1');
      await delivered(one, two);
      return bytes;
    };
    client.getBuffer = overtaken;
    expect(await there.get('1')).toBe('old');
    expect(await there.get('1')).toBeUndefined();
  });

  it('one instance loads, and the other is told when it has', async () => {
    const loader = new ManualLoader<string>();
    const here = cacheIn(one, bots).getOrLoad(['1'], loader.load);
    await loader.called(1);
    const waiting = cacheIn(two, bots).getOrLoad(['1'], neverLoad);
    const marked = async () =>
      (await admin.get(`fleet:${namespaces}~lease:{fleet:${namespaces}:bot:1}`))?.endsWith('+');
    while (!(await marked()));
    loader.calls[0]!.resolve('value');
    expect(await here).toBe('value');
    expect(await waiting).toBe('value');
  });

  it('a load that fails in one leaves the other to try', async () => {
    const loader = new ManualLoader<string>();
    const here = cacheIn(one, bots).getOrLoad(['1'], loader.load);
    await loader.called(1);
    const there = cacheIn(two, bots).getOrLoad(['1'], () => 'from the other');
    loader.calls[0]!.reject(new Error('gone'));
    await expect(here).rejects.toThrow('gone');
    expect(await there).toBe('from the other');
  });

  it('a tag that only the value tells evicts it', async () => {
    const here = cacheIn(one, owned);
    const there = cacheIn(two, owned);
    const bot = { id: '1', org: 'acme' };
    await here.getOrLoad(['1'], () => bot);
    expect(await there.getOrLoad(['1'], neverLoad)).toEqual(bot);
    await one.runtime.engine.writes.evictTags([tag`org:${'other'}`]);
    await delivered(one, two);
    expect(await there.getOrLoad(['1'], neverLoad)).toEqual(bot);
    await one.runtime.engine.writes.evictTags([tag`org:${'acme'}`]);
    expect(await here.get('1')).toBeUndefined();
    await delivered(one, two);
    expect(await there.get('1')).toBeUndefined();
    await there.set(['1'], bot);
    await there.refresh(['1'], () => bot);
    await one.runtime.engine.writes.evictTags([tag`org:${'acme'}`]);
    expect(await here.get('1')).toBeUndefined();
  });

  it('a tag that only the value tells, evicted during the load, keeps the value out', async () => {
    const there = cacheIn(two, owned);
    const loader = new ManualLoader<Bot>();
    const slow = there.getOrLoad(['1'], loader.load);
    await loader.called(1);
    await one.runtime.engine.writes.evictTags([tag`org:${'acme'}`]);
    loader.calls[0]!.resolve({ id: '1', org: 'acme' });
    expect(await slow).toEqual({ id: '1', org: 'acme' });
    expect(await there.get('1')).toBeUndefined();
  });

  it('a hit in L1 with three tags costs no command, one in L2 a GET', async () => {
    const tagged = defineCache<readonly [id: string], string>({
      name: 'tagged',
      key: (id) => key`tagged:${id}`,
      ttl: '5m',
      tags: (id) => [tag`a:${id}`, tag`b:${id}`, tag`c:${id}`],
    });
    const onlyL2 = defineCache<readonly [id: string], string>({
      name: 'only-l2',
      key: (id) => key`only-l2:${id}`,
      ttl: '5m',
      tags: (id) => [tag`a:${id}`, tag`b:${id}`, tag`c:${id}`],
      l1: false,
    });
    const near = cacheIn(one, tagged);
    await near.getOrLoad(['1'], () => 'value');
    expect(await commands(() => near.getOrLoad(['1'], neverLoad))).toEqual({});
    const far = cacheIn(one, onlyL2);
    await far.getOrLoad(['2'], () => 'value');
    expect(await commands(() => far.getOrLoad(['2'], neverLoad))).toEqual({ get: 1 });
  });

  it('while the bus is away, L1 is off; when it is back, L1 works again', async () => {
    const cache = cacheIn(two, bots);
    await cache.getOrLoad(['1'], () => 'value');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
    const { engine } = two.runtime;
    const broken = new Promise<void>((resolve) => {
      const breaks = engine.coherence.broken.bind(engine.coherence);
      engine.coherence.broken = () => {
        breaks();
        resolve();
      };
    });
    const armed = new Promise<void>((resolve) => {
      const arms = engine.coherence.armed.bind(engine.coherence);
      engine.coherence.armed = () => {
        arms();
        resolve();
      };
    });
    await admin.client('KILL', 'TYPE', 'PUBSUB');
    await broken;
    if (!engine.coherence.isArmed) expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    await armed;
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
  });
});
