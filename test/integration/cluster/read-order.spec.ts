import type { Cache } from '../../../src/cache-handle.js';
import { tag } from '../../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { startRedisCluster, type RedisClusterUnderTest } from '../../support/redis-cluster.js';

type Items = Cache<readonly [id: string], string>;

describe('a read of a cluster whose node with the tag answers before the one with the entry', () => {
  const team = tag`team:${'a'}`;
  let cluster: RedisClusterUnderTest;
  let one: EngineUnderTest;
  let two: EngineUnderTest;
  let namespaces = 0;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    const namespace = `order:${(namespaces += 1)}`;
    const options = { redis: { cluster: cluster.urls, deadline: 5_000 }, namespace };
    [one, two] = await Promise.all([startEngine(options), startEngine(options)]);
  });

  afterEach(() => Promise.all([one.runtime.close(), two.runtime.close()]));

  /** Lets something happen once, when the tokens of the next read are here and its entry is not. */
  function beforeEntry({ runtime }: EngineUnderTest, happen: () => Promise<void>): void {
    const { client } = runtime.redis!.connection;
    const getBuffer = client.getBuffer.bind(client);
    const mgetBuffer = client.mgetBuffer.bind(client);
    const mget = client.mget.bind(client);
    let tokensRead: Promise<unknown> = Promise.resolve();
    const meanwhile = async () => {
      // The tokens are asked for in the same tick, after the entry.
      await Promise.resolve();
      await tokensRead;
      Object.assign(client, { getBuffer, mgetBuffer, mget });
      await happen();
    };
    Object.assign(client, {
      mget: (names: string[]) => {
        const reply = mget(names);
        tokensRead = Promise.all([tokensRead, reply]);
        return reply;
      },
      getBuffer: async (name: string) => {
        await meanwhile();
        return getBuffer(name);
      },
      mgetBuffer: async (names: string[]) => {
        await meanwhile();
        return mgetBuffer(names);
      },
    });
  }

  const neverLoad = () => {
    throw new Error('the loader must not run');
  };

  it.each<[string, (items: Items) => Promise<unknown>]>([
    ['get', (items) => items.get('1')],
    ['getMany', async (items) => (await items.getMany([['1']]))[0]],
    ['getOrLoad', (items) => items.getOrLoad(['1'], neverLoad)],
    ['getOrLoadMany', async (items) => (await items.getOrLoadMany([['1']], neverLoad))[0]],
  ])('%s gets an entry that is newer than the token, and leaves it there', async (_, read) => {
    const spec = { name: 'items', l1: false, tags: () => [team] } as const;
    const [here, there] = [one.cache<string>(spec), two.cache<string>(spec)];
    await here.set(['1'], 'old');
    beforeEntry(two, async () => {
      await one.runtime.engine.writes.evictTags([team]);
      await here.set(['1'], 'new');
    });
    expect(await read(there)).toBe('new');
    expect(await here.get('1')).toBe('new');
    expect(await there.get('1')).toBe('new');
  });
});
