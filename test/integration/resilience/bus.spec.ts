import { Redis } from 'ioredis';
import { encodeInvalidation } from '../../../src/stores/bus/bus-message.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { wrapMethod } from '../../support/fleet-wrap.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

describe('the bus', () => {
  let server: RedisServer;
  let admin: Redis;
  let proxy: TcpProxy;
  let engine: EngineUnderTest;

  beforeEach(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
    proxy = await TcpProxy.start(server.port);
  });

  afterEach(async () => {
    await engine.runtime.close();
    await proxy.close();
    admin.disconnect();
    await server.stop();
  });

  const start = async () => {
    engine = await startEngine({ redis: { url: proxy.url, deadline: 1_000 } });
  };
  const isArmed = () => engine.runtime.redis!.bus.armed;
  const subscriberId = async () =>
    / ?id=(\d+) .*name=test:bus /.exec(
      String(await admin.client('LIST'))
        .split('\n')
        .find((line) => line.includes('name=test:bus ')) ?? '',
    )?.[1];
  /** Counts how often the engine was told that messages may be lost. */
  const countBreaks = () => {
    const { coherence } = engine.runtime.engine;
    const count = { breaks: 0 };
    wrapMethod(
      coherence,
      'broken',
      (broken) =>
        function counted(this: typeof coherence) {
          count.breaks += 1;
          broken.call(this);
        },
    );
    return count;
  };

  it('asks again for a subscription that was refused, on the same connection', async () => {
    await admin.acl('SETUSER', 'default', 'resetchannels');
    await start();
    expect(isArmed()).toBe(false);
    const id = await subscriberId();
    expect(id).toBeDefined();
    const { accepted } = proxy;
    const refusals = () => engine.problems.filter(({ operation }) => operation === 'subscribe').length;
    await until(() => refusals() > 1);
    await admin.acl('SETUSER', 'default', 'allchannels');
    await until(isArmed);
    expect(await subscriberId()).toBe(id);
    expect(proxy.accepted).toBe(accepted);
  });

  it('asks for nothing more when it is closed meanwhile', async () => {
    await admin.acl('SETUSER', 'default', 'resetchannels');
    await start();
    await engine.runtime.close();
    const { length } = engine.problems;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(engine.problems).toHaveLength(length);
  });

  it('is not taken for dead because this process was too busy to hear the answer', async () => {
    await start();
    await until(isArmed);
    const count = countBreaks();
    let beats = 0;
    const restore = wrapMethod(
      Redis.prototype,
      'ping',
      (ping) =>
        function blocked(this: Redis) {
          const answer = Reflect.apply(ping, this, []);
          beats += 1;
          const since = performance.now();
          while (performance.now() - since < 700);
          return answer;
        } as typeof ping,
    );
    await until(() => beats >= 3);
    restore();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(count.breaks).toBe(0);
    expect(isArmed()).toBe(true);
  });

  it('makes memory forget when a message of another instance is missing', async () => {
    await start();
    await until(isArmed);
    const cache = engine.cache<string>();
    await cache.set(['1'], 'value');
    const count = countBreaks();
    const say = (number: number) =>
      admin.publish('test~bus', encodeInvalidation('another', number, { keys: ['item:2'] }));
    const forgets = wrapMethod(
      engine.runtime.engine.coherence,
      'invalidated',
      (invalidated) =>
        function noted(this: unknown, what) {
          heard += 1;
          Reflect.apply(invalidated, this, [what]);
        },
    );
    let heard = 0;
    await say(1);
    await say(2);
    await until(() => heard === 2);
    expect(count.breaks).toBe(0);
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
    await say(4);
    await until(() => count.breaks === 1);
    expect(isArmed()).toBe(true);
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    forgets();
  });

  it('is taken for dead when it is silent, and is back when it can be heard again', async () => {
    await start();
    await until(isArmed);
    const cache = engine.cache<string>();
    await cache.set(['1'], 'value');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
    proxy.set({ kind: 'black hole' }, 'bus');
    await until(() => !isArmed());
    // L1 is off, Redis is not.
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    proxy.pass();
    await until(isArmed);
    await cache.get('1');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
  });
});
