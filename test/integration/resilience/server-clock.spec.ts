import { Redis } from 'ioredis';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

const HOUR_MS = 3_600_000;
/** What the way to Redis and back may cost on a machine that is busy, milliseconds. */
const SLACK_MS = 2_000;

describe('the clock of instances that share a Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  let engines: EngineUnderTest[];

  beforeEach(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
    engines = [];
  });

  afterEach(async () => {
    await Promise.all(engines.map(({ runtime }) => runtime.close()));
    admin.disconnect();
    await server.stop();
  });

  /** An instance on a machine whose clock is wrong by as much. */
  async function startOff(ms: number, options: Parameters<typeof startEngine>[0] = {}) {
    const origin = performance.timeOrigin + ms;
    Object.defineProperty(performance, 'timeOrigin', { value: origin, configurable: true });
    try {
      const engine = await startEngine({ redis: { url: server.url, deadline: 2_000 }, ...options });
      engines.push(engine);
      return engine;
    } finally {
      Reflect.deleteProperty(performance, 'timeOrigin');
    }
  }
  const offBy = async ({ runtime }: EngineUnderTest) => {
    const [seconds, microseconds] = await admin.time();
    return Math.abs(runtime.clock.now() - (Number(seconds) * 1_000 + Number(microseconds) / 1_000));
  };

  it.each([HOUR_MS, -HOUR_MS])('is Redis’s own, also where the machine’s is off by %i ms', async (ms) => {
    const engine = await startOff(ms);
    await until(async () => (await offBy(engine)) < SLACK_MS);
  });

  it.each([
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ])('lets an instance whose own is %s agree with the others on how old an entry is', async (_, ms) => {
    const [right, wrong] = [await startOff(0), await startOff(ms)];
    await until(async () => (await offBy(wrong)) < SLACK_MS);
    const spec = {
      name: 'shared',
      ttl: '1m' as const,
      staleWhileRevalidate: '1m' as const,
      l1: false as const,
    };
    const [here, there] = [right.cache<string>(spec), wrong.cache<string>(spec)];
    const neverLoad = () => {
      throw new Error('the loader must not run');
    };
    await here.set(['1'], 'of the right one');
    await there.set(['2'], 'of the wrong one');

    expect(await there.getOrLoad(['1'], neverLoad)).toBe('of the right one');
    expect(await here.getOrLoad(['2'], neverLoad)).toBe('of the wrong one');
    for (const found of [await there.lookup('1'), await here.lookup('2')]) {
      expect(found).toMatchObject({ hit: true, stale: false });
      if (found.hit) expect(found.age).toBeLessThan(SLACK_MS);
    }
    // Redis ends the entry when it is over, and not an hour sooner or later.
    for (const name of ['item:1', 'item:2']) {
      const left = await admin.pttl(`test:${name}`);
      expect(left).toBeGreaterThan(120_000 - 2 * SLACK_MS);
      expect(left).toBeLessThanOrEqual(120_000 + SLACK_MS);
    }
  });

  it('stays what the application has given, if it has given one', async () => {
    const clock = new FakeClock();
    const { runtime } = await startOff(0, { clock });
    expect(runtime.clock).toBe(clock);
  });

  it('is the machine’s where Redis does not tell the time', async () => {
    await admin.acl('SETUSER', 'default', '-time');
    const { runtime } = await startOff(HOUR_MS);
    await runtime.redis!.connection.client.ping();
    const now = performance.timeOrigin + performance.now() + HOUR_MS;
    expect(Math.abs(runtime.clock.now() - now)).toBeLessThan(SLACK_MS);
    await admin.acl('SETUSER', 'default', '+time');
  });

  it('is set again when there is another connection', async () => {
    const engine = await startOff(0);
    await until(async () => (await offBy(engine)) < SLACK_MS);
    await server.kill();
    await until(() => !engine.runtime.redis!.connection.ready);
    expect(engine.runtime.clock.now()).toBeGreaterThan(0);
    await server.restart();
    await until(() => engine.runtime.redis!.connection.ready);
    const { client } = engine.runtime.redis!.connection;
    await client.ping();
    expect(await admin.info('commandstats')).toContain('cmdstat_time:calls=1');
  });
});
