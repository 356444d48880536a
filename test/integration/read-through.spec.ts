import type { CacheModuleOptions } from '../../src/cache.options.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { describeBatch } from '../support/batch.behaviour.js';
import { describeBatchFreshness } from '../support/batch-freshness.behaviour.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { describeFreshness } from '../support/freshness.behaviour.js';
import { describePuts } from '../support/puts.behaviour.js';
import { describeReadThrough } from '../support/read-through.behaviour.js';
import { describeRefresh } from '../support/refresh.behaviour.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { describeTransactions } from '../support/transactions.behaviour.js';
import { describeSwitches } from '../support/switches.behaviour.js';
import { describeWarmup } from '../support/warmup.behaviour.js';
import { describeWaiting } from '../support/waiting.behaviour.js';

describe('the engine on Redis', () => {
  const clock = new FakeClock();
  let server: RedisServer;
  let engine: EngineUnderTest;
  let namespaces = 0;

  const start = (options: Pick<CacheModuleOptions, 'lease'>) =>
    startEngine({
      clock,
      redis: { url: server.url, deadline: 5_000 },
      namespace: `test:${(namespaces += 1)}`,
      ...options,
    });

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    engine = await start({ lease: { ttl: '30s' } });
  });

  afterEach(() => engine.runtime.close());

  it('L1 asks Redis again after its own ttl, and keeps no entry longer than it lives', async () => {
    const cache = engine.cache<string>({ ttl: '1m', l1: { ttl: '10s' } });
    await cache.set(['1'], 'value');
    clock.advance('9s');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l1' });
    clock.advance('2s');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    clock.advance('45s');
    expect(await cache.lookup('1')).toMatchObject({ tier: 'l2' });
    clock.advance('5s');
    expect(await cache.has('1')).toBe(false);
  });

  describeReadThrough('on Redis', () => engine);
  describeBatch('on Redis', () => engine);
  describeBatchFreshness('on Redis', () => ({ ...engine, clock }));
  describeFreshness('on Redis', () => ({ ...engine, clock }));
  describeRefresh('on Redis', () => ({ ...engine, clock }));
  describePuts('on Redis', () => engine);
  describeTransactions('on Redis', () => engine);
  describeSwitches('on Redis', () => ({ ...engine, clock }));
  describeWarmup('on Redis', () => ({ ...engine, clock }));
  describeWaiting('on Redis', (options) => start(options));
});
