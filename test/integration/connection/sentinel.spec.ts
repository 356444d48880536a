import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RedisSentinelOptions } from '../../../src/stores/redis/redis-options.js';
import { startEngine } from '../../support/engine.js';
import { ask, until } from '../../support/redis-cluster.js';
import { startRedisSentinel, type RedisSentinelUnderTest } from '../../support/redis-sentinel.js';
import type { RedisServer } from '../../support/redis-server.js';
import { Watched } from './support/watched.js';

/** What docs/redis.md says that the sentinels' user needs. */
const RULES_OF_DOCS = [
  ...['resetchannels', '&+switch-master', '-@all', '+subscribe', '+ping'],
  ...['+sentinel|get-master-addr-by-name', '+sentinel|sentinels'],
];
const NOWHERE = 'redis://127.0.0.1:1';

describe('the connection to a master that sentinels know', () => {
  let setup: RedisSentinelUnderTest;
  let open: Watched[];

  beforeEach(async () => {
    open = [];
    setup = await startRedisSentinel();
  }, 60_000);

  afterEach(async () => {
    await Promise.all(open.map(({ connection }) => connection.close(5000)));
    await setup.stop();
  });

  // ioredis holds on to a sentinel that refused the connection for that long, which would keep Jest.
  afterAll(() => delay(2000));

  function options(more: Partial<RedisSentinelOptions> = {}): RedisSentinelOptions {
    return { sentinels: setup.urls, name: setup.name, deadline: 900, ...more };
  }

  async function connect(more?: Partial<RedisSentinelOptions>): Promise<Watched> {
    const watched = new Watched(options(more));
    open.push(watched);
    await watched.connection.open();
    return watched;
  }

  /** Names of the connections that the library has to a server or sentinel. */
  async function connectionsTo(server: { readonly url: string }): Promise<string[]> {
    const client = new Redis(server.url);
    const list = String(await client.client('LIST'));
    client.disconnect();
    return [...list.matchAll(/ name=(test:\w+)/g)].map(([, name = '']) => name).sort();
  }

  it('is made to the master, whichever sentinel answers', async () => {
    const { connection, told } = await connect({ sentinels: [NOWHERE, ...setup.urls], database: 3 });
    expect(told).toEqual(['ready']);
    expect(await connectionsTo(setup.nodes[0])).toEqual(['test:cache']);
    expect(await connectionsTo(setup.nodes[1])).toEqual([]);
    const [sentinel = ''] = setup.urls;
    expect(connection.description).toBe(
      `Redis master mymaster, known to the sentinels at 127.0.0.1:1, ${new URL(sentinel).host}, database 3`,
    );
  });

  it('goes with user and password, the sentinels’ own ones too, and tells none of them', async () => {
    const [sentinel = ''] = setup.urls;
    const admin = new Redis(sentinel);
    await admin.call('ACL', 'SETUSER', 'looker', 'reset', 'on', '>l00k', ...RULES_OF_DOCS);
    await admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>0ther');
    await Promise.all(
      setup.nodes.map((node) =>
        ask(node, (client) => client.acl('SETUSER', 'app', 'on', '>s3cret', '~*', '&*', '+@all')),
      ),
    );
    const credentials = { username: 'app', password: () => 's3cret', sentinelUsername: 'looker' };
    const { told, connection } = await connect({
      ...credentials,
      sentinelPassword: () => Promise.resolve('l00k'),
    });
    expect(told).toEqual(['ready']);
    expect(await connection.client.acl('WHOAMI')).toBe('app');
    await until(async () => String(await admin.call('CLIENT', 'LIST')).includes('user=looker'));
    const inUrl = await connect({ ...credentials, sentinels: [sentinel.replace('//', '//looker:l00k@')] });
    // What is given beside the URLs wins.
    expect(inUrl.told).toEqual(['ready']);
    const refused = await connect({ ...credentials, sentinelPassword: 'wr0ng' });
    expect(await refused.trouble()).toMatch(/is not reachable: no sentinel tells where it is: WRONGPASS/);
    for (const text of [connection.description, await refused.trouble()]) {
      for (const secret of ['s3cret', 'l00k', 'wr0ng', 'looker']) expect(text).not.toContain(secret);
    }
    admin.disconnect();
  });

  it('follows a failover with everything: data, bus and all', async () => {
    const engine = await startEngine({ redis: options() });
    const items = engine.cache({ l1: false });
    const works = async () => {
      await items.set(['1'], 'value');
      return (await items.lookup('1')).hit && engine.runtime.redis?.bus.armed === true;
    };
    await until(works);
    for (const server of [setup.nodes[1], setup.nodes[0]]) {
      // Refused while the sentinel has not seen that the former master is a replica in step.
      await until(() =>
        setup.failover().then(
          () => true,
          () => false,
        ),
      );
      await setup.promoted(server);
      await until(works);
      await until(async () => (await connectionsTo(server)).join() === 'test:bus,test:cache');
    }
    await engine.runtime.close();
  }, 60_000);

  it('leaves a master that hangs as soon as another one has its place, and does not come back to it', async () => {
    const watched = await connect();
    const { client } = watched.connection;
    const [first, second] = setup.nodes;
    await client.set('x', 'before');
    first.freeze();
    try {
      await setup.promoted(second);
      await until(() => client.set('x', 'after').then(Boolean, () => false));
      expect(await ask(second, (admin) => admin.get('x'))).toBe('after');
    } finally {
      first.thaw();
    }
    await client.set('x', 'later');
    expect(await ask(second, (admin) => admin.get('x'))).toBe('later');
  }, 60_000);

  it('leaves an old master that still takes writes', async () => {
    const watched = await connect();
    const { client } = watched.connection;
    const [first, second] = setup.nodes;
    // The sentinel sees a master that does not answer it; the application’s connection to that master works on.
    await cutOff(first);
    await setup.promoted(second);
    await until(async () => {
      await client.set('x', 'after').catch(() => undefined);
      return (await ask(second, (admin) => admin.get('x'))) === 'after';
    });
    expect(await connectionsTo(second)).toEqual(['test:cache']);
  }, 60_000);

  it('tells why it is not there when no sentinel answers', async () => {
    const watched = await connect({ sentinels: [NOWHERE] });
    expect(watched.told).toEqual(['lost']);
    expect(await watched.trouble()).toMatch(
      /^Redis master mymaster, known to the sentinels at 127\.0\.0\.1:1 is not reachable: no sentinel tells where it is: .*ECONNREFUSED/,
    );
  });

  it('is tried no more when it has been closed between two attempts', async () => {
    const watched = await connect({ name: 'yourmaster' });
    const { client } = watched.connection;
    await until(() => client.status === 'end');
    let attempts = 0;
    client.on('connecting', () => (attempts += 1));
    await watched.connection.close(900);
    // An attempt follows within 2 seconds unless it is called off.
    await delay(2500);
    expect(attempts).toBe(0);
  });

  it('says so when the sentinels know no master of that name', async () => {
    const watched = await connect({ name: 'yourmaster' });
    expect(watched.told).toEqual(['lost']);
    expect(await watched.trouble()).toMatch(
      /no sentinel tells where it is: the sentinels know no master yourmaster$/,
    );
  });

  it('leaves nothing behind when it is closed, and prints nothing', async () => {
    const printed: unknown[] = [];
    const { error, warn } = console;
    Object.assign(console, {
      error: (...args: unknown[]) => printed.push(args),
      warn: (...args: unknown[]) => printed.push(args),
    });
    try {
      const { runtime } = await startEngine({ redis: options({ sentinels: [...setup.urls, NOWHERE] }) });
      const [sentinel = ''] = setup.urls;
      await until(async () => (await connectionsTo({ url: sentinel })).join() === 'test:watch');
      await runtime.close();
      await until(async () => {
        const all = await Promise.all([{ url: sentinel }, ...setup.nodes].map(connectionsTo));
        return all.flat().length === 0;
      });
      expect(printed).toEqual([]);
    } finally {
      Object.assign(console, { error, warn });
    }
  });

  /** Lets new connections wait for ever, as a network that is broken for others does. */
  async function cutOff(server: RedisServer): Promise<void> {
    await ask(server, async (client) => {
      await client.call('ACL', 'SETUSER', 'default', '-ping', '-info', '-publish');
    });
  }
});
