import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import type { RedisConnectionOptions } from '../../../src/stores/redis/redis-options.js';
import { startEngine } from '../../support/engine.js';
import { startRedisCluster, until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { Watched } from './support/watched.js';

const RULES = ['~*', '&*', '+@all'];

describe('a password that is rotated', () => {
  let server: RedisServer;
  let admin: Redis;
  let current: string;
  let asked: number;
  let open: Watched[];

  const password = () => {
    asked += 1;
    return Promise.resolve(current);
  };

  beforeEach(async () => {
    open = [];
    asked = 0;
    server = await startRedisServer();
    admin = new Redis(server.url);
    await rotate('first');
  });

  afterEach(async () => {
    await Promise.all(open.map(({ connection }) => connection.close(5000)));
    admin.disconnect();
    await server.stop();
  });

  /** The new password is the only one; connections stay, as they do with Redis. */
  async function rotate(to: string): Promise<void> {
    current = to;
    await admin.acl('SETUSER', 'app', 'reset', 'on', `>${to}`, ...RULES);
  }

  /** As `ACL DELUSER`, or a failover, would. */
  function kill(): Promise<unknown> {
    return admin.call('CLIENT', 'KILL', 'USER', 'app');
  }

  function watch(options: Partial<RedisConnectionOptions>): Watched {
    const redis = { url: server.url, username: 'app', password, deadline: 900, ...options };
    const watched = new Watched(redis as RedisConnectionOptions);
    open.push(watched);
    return watched;
  }

  it('is asked for before each attempt to connect, by the data connection and by the bus', async () => {
    const engine = await startEngine({
      redis: { url: server.url, username: 'app', password, deadline: 900 },
    });
    const items = engine.cache({ l1: false });
    await items.set(['1'], 'value');
    expect(asked).toBe(2);
    for (const next of ['second', 'third']) {
      const before = asked;
      await rotate(next);
      await kill();
      await until(async () => (await items.lookup('1')).hit && engine.runtime.redis?.bus.armed === true);
      expect(asked).toBeGreaterThan(before);
    }
    await engine.runtime.close();
  });

  it('is tried until it is right: neither a refusal nor a rejection is the end', async () => {
    const outcomes = [() => Promise.reject(new Error('no s3cret today')), () => 'wr0ng', () => current];
    const watched = watch({ password: () => outcomes[Math.min(asked++, 2)]!() });
    await watched.connection.open();
    expect(watched.told).toEqual(['lost']);
    expect(watched.reasons).toContain('the function `redis.password` failed with Error');
    await watched.until('ready');
    expect(asked).toBe(3);
    expect(await watched.connection.ping(5000)).toBeGreaterThan(0);
  });

  it.each([
    ['', "the function `redis.password` gave ''"],
    [undefined, 'the function `redis.password` gave no text but undefined'],
    [42, 'the function `redis.password` gave no text but number'],
  ])('that is %j counts as none', async (given, message) => {
    const watched = watch({ password: () => given as string });
    await watched.connection.open();
    expect(watched.reasons).toContain(message);
    expect(await watched.trouble()).toContain(`is not reachable: ${message}`);
  });

  it('never shows, in no message and no error, be it refused or thrown', async () => {
    class AccessDenied extends Error {
      readonly code = 'EACCES';
    }
    const errors: unknown[] = [];
    for (const give of [() => 's3cret', () => Promise.reject(new AccessDenied('s3cret'))]) {
      const watched = watch({ password: give });
      await watched.connection.open();
      errors.push(await watched.connection.ping(5000).catch((error: unknown) => error));
    }
    const shown = inspect(errors, { depth: 20, showHidden: true });
    expect(shown).toContain('WRONGPASS');
    expect(shown).toContain('failed with AccessDenied EACCES');
    expect(shown).not.toContain('s3cret');
  });

  it('is asked for no more when the connection has been closed', async () => {
    let answer: (password: string) => void = () => undefined;
    const watched = watch({
      password: () =>
        new Promise((resolve) => {
          asked += 1;
          answer = resolve;
        }),
    });
    const opening = watched.connection.open();
    await until(() => asked === 1);
    await watched.connection.close(100);
    answer(current);
    await opening;
    expect(String(await admin.client('LIST'))).not.toContain('user=app');
    expect(asked).toBe(1);
  });
});

describe('a rotated password of a cluster', () => {
  it('reaches nodes, the slots’ refresher and the bus', async () => {
    const cluster = await startRedisCluster();
    let current = 'first';
    const admins = cluster.urls.map((url) => new Redis(url));
    const rotate = async (to: string) => {
      current = to;
      for (const admin of admins) {
        await admin.acl('SETUSER', 'app', 'reset', 'on', `>${to}`, ...RULES);
        await admin.call('CLIENT', 'KILL', 'USER', 'app');
      }
    };
    await rotate('first');
    const engine = await startEngine({
      redis: {
        cluster: cluster.urls,
        username: 'app',
        password: () => Promise.resolve(current),
        deadline: 900,
      },
    });
    const items = engine.cache({ l1: false });
    const ids = Array.from({ length: 20 }, (_, i) => String(i));
    const works = async () => {
      await items.setMany(ids.map((id) => [[id], id]));
      const found = await items.getMany(ids.map((id) => [id] as const));
      return found.every((value, i) => value === ids[i]) && engine.runtime.redis?.bus.armed === true;
    };
    await until(works);
    for (const next of ['second', 'third']) {
      await rotate(next);
      await until(works);
    }
    await engine.runtime.close();
    for (const admin of admins) admin.disconnect();
    await cluster.stop();
  }, 60_000);
});
