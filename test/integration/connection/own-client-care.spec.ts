import { once } from 'node:events';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { Redis as Redis6 } from 'ioredis-6';
import { startEngine } from '../../support/engine.js';
import { ask, startRedisCluster, until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { Watched } from './support/watched.js';

const EVENTS = [
  'connect',
  'connecting',
  'ready',
  'error',
  'close',
  'reconnecting',
  'end',
  'message',
  '+node',
  '-node',
];

/** How many listen to each event. */
function listeners(client: { listenerCount(event: string): number }): number[] {
  return EVENTS.map((event) => client.listenerCount(event));
}

describe.each([
  ['ioredis 5', (url: string, options: RedisOptions) => new Redis(url, options)],
  [
    'ioredis 6',
    (url: string, options: RedisOptions) => new Redis6(url, options as object) as unknown as Redis,
  ],
])('the application’s own client of %s', (_, make) => {
  let server: RedisServer;
  let client: Redis;

  beforeEach(async () => {
    server = await startRedisServer();
  });

  afterEach(async () => {
    client.disconnect();
    await server.stop();
  });

  function own(options: RedisOptions = {}): Redis {
    client = make(server.url, { retryStrategy: () => 50, disconnectTimeout: 300, ...options });
    client.on('error', () => undefined);
    return client;
  }

  it.each(['connected', 'connecting', 'wait'])('may be %s', async (state) => {
    own({ lazyConnect: state === 'wait' });
    if (state === 'connected') await once(client, 'ready');
    const engine = await startEngine({ redis: { client, deadline: 900 } });
    expect(client.status).toBe('ready');
    const items = engine.cache({ l1: false });
    await items.set(['1'], 'value');
    expect(await items.lookup('1')).toMatchObject({ hit: true, tier: 'l2', value: 'value' });
    expect(engine.runtime.redis?.bus.armed).toBe(true);
    expect(engine.runtime.description).toBe(
      `Redis at 127.0.0.1:${server.port}, database 0, by the application’s own client`,
    );
    await engine.runtime.close();
    expect(await client.get('x')).toBeNull();
  });

  it('keeps its options, its listeners and its life', async () => {
    own({ lazyConnect: true, connectionName: 'mine' });
    const options = JSON.stringify(client.options);
    const listening = listeners(client);
    const watched = new Watched({ client, deadline: 900 });
    await watched.connection.open();
    expect(watched.told).toEqual(['ready']);
    expect(client.listenerCount('error')).toBe(1);
    await watched.connection.close(900);
    expect(client.status).toBe('ready');
    expect(JSON.stringify(client.options)).toBe(options);
    expect(listeners(client)).toEqual(listening);
    const names = String(await ask(server, (admin) => admin.client('LIST')));
    expect(names).toContain('name=mine');
  });

  it('is followed when it is lost and comes back, without being hurried', async () => {
    own();
    const watched = new Watched({ client, deadline: 900 });
    await watched.connection.open();
    await server.kill();
    await watched.until('lost');
    expect(watched.connection.ready).toBe(false);
    await server.restart();
    await watched.until('ready');
    expect(watched.told).toEqual(['ready', 'lost', 'ready']);
    await watched.connection.close(900);
  });

  it('that has been closed is told apart from a Redis that is away', async () => {
    own();
    await client.quit();
    await until(() => client.status === 'end');
    const watched = new Watched({ client, deadline: 900 });
    await watched.connection.open();
    expect(watched.told).toEqual(['lost']);
  });

  it('lends user and password to the bus, as they are at each attempt', async () => {
    const admin = new Redis(server.url);
    const rotate = (to: string) => admin.acl('SETUSER', 'app', 'reset', 'on', `>${to}`, '~*', '&*', '+@all');
    await rotate('first');
    own({ username: 'app', password: 'first' });
    const { runtime } = await startEngine({ redis: { client, deadline: 900 } });
    await until(() => runtime.redis?.bus.armed === true);
    const buses = async () => [
      ...String(await admin.client('LIST')).matchAll(/^id=(\d+) .* name=test:bus /gm),
    ];
    const [before] = await buses();
    await rotate('second');
    client.options.password = 'second';
    await admin.call('CLIENT', 'KILL', 'USER', 'app');
    await until(async () => {
      const [now] = await buses();
      return now !== undefined && now[1] !== before?.[1];
    });
    await until(() => client.status === 'ready' && runtime.redis?.bus.armed === true);
    await runtime.close();
    await until(async () => (await buses()).length === 0);
    admin.disconnect();
  });
});

describe('the application’s own client of a cluster', () => {
  it('is connected to every master, followed through a loss, and left as it was', async () => {
    const cluster = await startRedisCluster({ password: 's3cret' });
    const places = cluster.nodes.map(({ host, port }) => ({ host, port }));
    const client = new Cluster(places, { redisOptions: { password: 's3cret', disconnectTimeout: 300 } });
    client.on('error', () => undefined);
    await once(client, 'ready');
    const listening = listeners(client);
    const engine = await startEngine({ redis: { client, deadline: 900 } });
    const items = engine.cache({ l1: false });
    const works = async () => {
      const ids = Array.from({ length: 20 }, (_, i) => String(i));
      await items.setMany(ids.map((id) => [[id], id]));
      const found = await items.getMany(ids.map((id) => [id] as const));
      return found.every((value, i) => value === ids[i]) && engine.runtime.redis?.bus.armed === true;
    };
    await until(works);
    expect(await engine.runtime.redis?.connection.ping(5000)).toBeGreaterThan(0);
    await cluster.nodes[1]!.kill();
    await until(
      () =>
        client.nodes('master').length < 3 || client.nodes('master').some(({ status }) => status !== 'ready'),
    );
    await cluster.nodes[1]!.restart();
    await cluster.ready();
    await until(works);
    await engine.runtime.close();
    expect(client.status).toBe('ready');
    expect(listeners(client)).toEqual(listening);
    client.disconnect();
    await cluster.stop();
  }, 60_000);
});
