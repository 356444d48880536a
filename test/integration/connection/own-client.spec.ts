import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis-6';
import type { RedisConnectionOptions } from '../../../src/stores/redis/redis-options.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { describeBatch } from '../../support/batch.behaviour.js';
import { describeBatchFreshness } from '../../support/batch-freshness.behaviour.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { describeFreshness } from '../../support/freshness.behaviour.js';
import { describeReadThrough } from '../../support/read-through.behaviour.js';
import { startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

type Own = Extract<RedisConnectionOptions, { readonly client: unknown }>['client'];

let namespaces = 0;

describe('the application’s own client', () => {
  const clock = new FakeClock();
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  describe.each([
    ['ioredis 5', (url: string): Own => new Redis(url)],
    ['ioredis 6', (url: string): Own => new Redis6(url)],
    ['ioredis 6 with RESP2', (url: string): Own => new Redis6(url, { protocol: 2 })],
    ['ioredis 5 with pipelines', (url: string): Own => new Redis(url, { enableAutoPipelining: true })],
    ['ioredis 6 with RESP3 replies', (url: string): Own => new Redis6(url, { replyMapping: 'resp3' })],
  ])('of %s', (name, make) => {
    let client: Redis;
    let engine: EngineUnderTest;

    beforeAll(() => {
      client = make(server.url) as Redis;
    });

    afterAll(async () => {
      // Still there: no test has closed it.
      expect(await client.ping()).toBe('PONG');
      client.disconnect();
    });

    beforeEach(async () => {
      engine = await startEngine({
        clock,
        redis: { client, deadline: 5000 },
        lease: { ttl: '30s' },
        namespace: `test:${(namespaces += 1)}`,
      });
    });

    afterEach(() => engine.runtime.close());

    describeReadThrough(`on ${name}`, () => engine);
    describeBatch(`on ${name}`, () => engine);
    describeBatchFreshness(`on ${name}`, () => ({ ...engine, clock }));
    describeFreshness(`on ${name}`, () => ({ ...engine, clock }));
  });
});

describe('the application’s own client of a cluster', () => {
  const clock = new FakeClock();
  let cluster: RedisClusterUnderTest;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);

  afterAll(() => cluster?.stop());

  const places = () => cluster.nodes.map(({ host, port }) => ({ host, port }));

  describe.each([
    ['ioredis 5', (): Own => new Cluster(places())],
    ['ioredis 6', (): Own => new Cluster6(places())],
  ])('of %s', (name, make) => {
    let client: Cluster;
    let engine: EngineUnderTest;

    beforeAll(() => {
      client = make() as Cluster;
    });

    afterAll(async () => {
      expect(await client.ping()).toBe('PONG');
      client.disconnect();
    });

    beforeEach(async () => {
      engine = await startEngine({
        clock,
        redis: { client, deadline: 5000 },
        lease: { ttl: '30s' },
        namespace: `test:${(namespaces += 1)}`,
      });
    });

    afterEach(() => engine.runtime.close());

    it('hears from others, on a node that it has found itself', async () => {
      const redis = { client, deadline: 5000 };
      const other = await startEngine({ clock, redis, namespace: `test:${namespaces}` });
      await until(() => engine.runtime.redis?.bus.armed === true && other.runtime.redis?.bus.armed === true);
      const [here, there] = [engine, other].map((one) => one.cache({ name: 'shared' }));
      await here!.set(['1'], 'old');
      expect(await there!.get('1')).toBe('old');
      await here!.set(['1'], 'new');
      await until(async () => (await there!.get('1')) === 'new');
      await other.runtime.close();
    });

    describeReadThrough(`on a cluster by ${name}`, () => engine);
    describeBatch(`on a cluster by ${name}`, () => engine);
  });
});
