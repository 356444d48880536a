import type { CacheModuleOptions } from '../../../src/cache.options.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { describeBatch } from '../../support/batch.behaviour.js';
import { describeBatchFreshness } from '../../support/batch-freshness.behaviour.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { describeFreshness } from '../../support/freshness.behaviour.js';
import { describePuts } from '../../support/puts.behaviour.js';
import { describeReadThrough } from '../../support/read-through.behaviour.js';
import { describeRefresh } from '../../support/refresh.behaviour.js';
import { startRedisCluster, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import { describeSwitches } from '../../support/switches.behaviour.js';
import { describeWaiting } from '../../support/waiting.behaviour.js';

describe('the engine on a Redis cluster', () => {
  const clock = new FakeClock();
  let cluster: RedisClusterUnderTest;
  let engine: EngineUnderTest;
  let namespaces = 0;

  const start = (options: Pick<CacheModuleOptions, 'lease'>) =>
    startEngine({
      clock,
      redis: { cluster: cluster.urls, deadline: 2000 },
      namespace: `test:${(namespaces += 1)}`,
      ...options,
    });

  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    engine = await start({});
  });

  afterEach(() => engine.runtime.close());

  describeReadThrough('on a Redis cluster', () => engine);
  describeBatch('on a Redis cluster', () => engine);
  describeBatchFreshness('on a Redis cluster', () => ({ ...engine, clock }));
  describeFreshness('on a Redis cluster', () => ({ ...engine, clock }));
  describeRefresh('on a Redis cluster', () => ({ ...engine, clock }));
  describePuts('on a Redis cluster', () => engine);
  describeSwitches('on a Redis cluster', () => ({ ...engine, clock }));
  describeWaiting('on a Redis cluster', (options) => start(options));
});
