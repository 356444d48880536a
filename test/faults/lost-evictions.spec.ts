import type { Cache } from '../../src/cache-handle.js';
import { key, pattern, tag } from '../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { askAt } from '../support/fault-place.js';
import { lagBehind } from '../support/fault-topology.js';
import { until } from '../support/redis-cluster.js';
import { startRedisSentinel, type RedisSentinelUnderTest } from '../support/redis-sentinel.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

type Items = Cache<readonly [id: string], string>;
type Evict = (items: Items, engine: EngineUnderTest) => Promise<unknown>;

const NAMESPACE = 'lost';

/** Each evicts the item of its number. */
const WAYS: readonly (readonly [string, Evict])[] = [
  ['a key', (items) => items.evict('0')],
  ['several keys', (items) => items.evictMany([['1'], ['another']])],
  ['a tag', (_, { runtime }) => runtime.engine.writes.evictTags([tag`item:2`])],
  ['a pattern', (_, { runtime }) => runtime.engine.writes.evictMatching(pattern`item:3*`)],
  ['a put', (items) => items.set(['4'], 'new')],
];
const KEPT = 'kept';
const IDS = [...WAYS.keys()].map(String);

/** What Redis had been told to evict, and has forgotten: nothing has been evicted since. */
describe('what was evicted in the last 30 seconds stays evicted', () => {
  let engines: EngineUnderTest[];

  beforeEach(() => {
    engines = [];
  });

  afterEach(() => Promise.all(engines.map(({ runtime }) => runtime.close())));

  async function start(redis: string | { sentinels: readonly string[]; name: string }): Promise<Items[]> {
    const [first, ...rest] = await Promise.all(
      [1, 2, 3].map(() => startEngine({ redis, namespace: NAMESPACE })),
    );
    const itemsOf = (engine: EngineUnderTest) =>
      engine.cache<string>({
        name: 'items',
        key: (id) => key`item:${id}`,
        tags: (id) => [tag`item:${id}`],
      });
    // A put evicts, too: whoever makes them must not be there any more.
    const seeded = itemsOf(first!);
    for (const id of [...IDS, KEPT]) await seeded.set([id], 'old');
    await first!.runtime.close();
    engines = rest;
    return rest.map(itemsOf);
  }

  async function evictAll(items: Items): Promise<void> {
    for (const [, evict] of WAYS) await evict(items, engines[0]!);
  }

  const back = () =>
    until(async () => {
      const caughtUp = await Promise.all(
        engines.map(
          async ({ runtime: { redis } }) =>
            redis?.connection.ready && redis.bus.armed && redis.guard.catchUp(),
        ),
      );
      return caughtUp.every((one) => one === true);
    });

  async function expectNothingOld([evicting, other]: Items[]): Promise<void> {
    for (const items of [evicting!, other!]) {
      for (const id of IDS) expect([id, await items.get(id)]).not.toEqual([id, 'old']);
      // Not because everything is gone.
      expect(await items.get(KEPT)).toBe('old');
    }
    for (const id of IDS) expect(await evicting?.getOrLoad([id], () => 'new')).toBe('new');
  }

  it('by a server that is started again with older data', async () => {
    const server: RedisServer = await startRedisServer();
    try {
      const [evicting, other] = await start(server.url);
      await askAt(server.url, (client) => client.save());
      await evictAll(evicting!);
      await server.kill();
      await until(() => engines.every(({ runtime }) => runtime.redis?.connection.ready === false));
      await server.launch();
      await back();
      await expectNothingOld([evicting!, other!]);
    } finally {
      await server.stop();
    }
  });

  it('by a replica that was behind when it took over', async () => {
    const sentinel: RedisSentinelUnderTest = await startRedisSentinel();
    try {
      const { urls: sentinels, name, nodes } = sentinel;
      const [evicting, other] = await start({ sentinels, name });
      const [master, replica] = nodes;
      await lagBehind(master, replica);
      await evictAll(evicting!);
      await master.kill();
      await sentinel.promoted(replica);
      await back();
      await expectNothingOld([evicting!, other!]);
    } finally {
      await sentinel.stop();
    }
  });
});
