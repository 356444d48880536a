import { FakeClock } from '../../../src/testing/fake-clock.js';
import { describeBatch } from '../../support/batch.behaviour.js';
import { describeBatchFreshness } from '../../support/batch-freshness.behaviour.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { describeFreshness } from '../../support/freshness.behaviour.js';
import { describeReadThrough } from '../../support/read-through.behaviour.js';
import { startRedisCluster, type RedisClusterUnderTest } from '../../support/redis-cluster.js';

describe('the engine on a Redis cluster', () => {
  const clock = new FakeClock();
  let cluster: RedisClusterUnderTest;
  let engine: EngineUnderTest;
  let namespaces = 0;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    engine = await startEngine({
      clock,
      redis: { cluster: cluster.urls, deadline: 2000 },
      namespace: `test:${(namespaces += 1)}`,
    });
  });

  afterEach(() => engine.runtime.close());

  describeReadThrough('on a Redis cluster', () => engine);
  describeBatch('on a Redis cluster', () => engine);
  describeBatchFreshness('on a Redis cluster', () => ({ ...engine, clock }));
  describeFreshness('on a Redis cluster', () => ({ ...engine, clock }));
});
