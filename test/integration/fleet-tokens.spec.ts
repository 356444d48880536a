import { Redis } from 'ioredis';
import type { Cache } from '../../src/cache-handle.js';
import type { CacheSpec } from '../../src/definition/define-cache.js';
import { key, tag } from '../../src/definition/template.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { delivered, heldBack } from '../support/bus-barrier.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

type Fields = Partial<CacheSpec<readonly [id: string], string>>;

describe('the tag tokens of two instances on one Redis', () => {
  const clock = new FakeClock();
  const team = tag`team:${'a'}`;
  let server: RedisServer;
  let admin: Redis;
  let one: EngineUnderTest;
  let two: EngineUnderTest;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    await admin.quit();
    await server.stop();
  });

  beforeEach(async () => {
    const namespace = `tokens:${(namespaces += 1)}`;
    const options = { clock, redis: { url: server.url, deadline: 5_000 }, namespace };
    [one, two] = await Promise.all([startEngine(options), startEngine(options)]);
  });

  afterEach(() => Promise.all([one.runtime.close(), two.runtime.close()]));

  /** One cache in both instances, whose entries all carry the tag of the team. */
  function inBoth(fields: Fields = {}): { here: Cache<readonly [string], string>; there: typeof here } {
    const spec = { name: 'items', ttl: '1h', tags: () => [team], ...fields } as const;
    const [here, there] = [one.cache<string>(spec), two.cache<string>(spec)];
    return { here, there };
  }

  /** How often Redis was asked for tokens alone. */
  async function timesAsked(): Promise<number> {
    return Number(/cmdstat_mget:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
  }

  async function known(fields?: Fields): Promise<ReturnType<typeof inBoth>> {
    const both = inBoth(fields);
    await both.here.set(['1'], 'old');
    await delivered(one, two);
    expect(await both.there.get('1')).toBe('old');
    return both;
  }

  describe.each<[string, Fields]>([
    ['with memory', {}],
    ['without memory', { l1: false }],
  ])('%s', (_, fields) => {
    it('are asked for again after 30 seconds: who evicted may have died before it told', async () => {
      const { there } = await known(fields);
      await one.runtime.redis!.guard.evictTags([team]);
      clock.advance('30s');
      expect(await there.get('1')).toBeUndefined();
    });

    it('are asked for again by a read of many', async () => {
      const { there } = await known(fields);
      await one.runtime.redis!.guard.evictTags([team]);
      clock.advance('30s');
      expect(await there.getMany([['1']])).toEqual([undefined]);
    });

    it('are asked for by a put: one that follows an eviction of the other is stored, though the bus lags', async () => {
      const { here, there } = await known(fields);
      await there.set(['1'], 'before the eviction');
      const hear = heldBack(two);
      await one.runtime.engine.writes.evictTags([team]);
      await there.set(['1'], 'after the eviction');
      hear();
      await delivered(one, two);
      expect(await there.get('1')).toBe('after the eviction');
      expect(await here.get('1')).toBe('after the eviction');
    });
  });

  it('that are believed put an old entry into memory for its time there at most', async () => {
    const { here, there } = inBoth({ l1: { ttl: '10s' } });
    const other = two.cache<string>({ name: 'other', key: (id) => key`other:${id}`, tags: () => [team] });
    await other.set(['1'], 'with the same tag');
    await here.set(['1'], 'old');
    await delivered(one, two);
    await one.runtime.redis!.guard.evictTags([team]);
    clock.advance('29s');
    await there.get('1');
    clock.advance('10s');
    expect(await there.get('1')).toBeUndefined();
  });

  it('are not asked for more often than that', async () => {
    const { there } = await known({ l1: false });
    const before = await timesAsked();
    for (const [pass, expected] of [
      ['29s', 0],
      ['2s', 1],
      ['28s', 1],
      ['3s', 2],
    ] as const) {
      clock.advance(pass);
      expect(await there.get('1')).toBe('old');
      expect((await timesAsked()) - before).toBe(expected);
    }
  });
});
