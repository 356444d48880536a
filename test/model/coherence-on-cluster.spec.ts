import { startRedisCluster, type RedisClusterUnderTest } from '../support/redis-cluster.js';
import { CALLERS, check } from './support/check.js';

const TIMEOUT_MS = 300_000;

/** The same as in coherence.spec.ts: entries, leases and tags lie on different masters, and messages come from each. */
describe('in two processes on a cluster of three masters', () => {
  let cluster: RedisClusterUnderTest;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, TIMEOUT_MS);

  afterAll(() => cluster?.stop());

  it.each(CALLERS)(
    '$who never read what an eviction has made old, whatever is overtaken by what',
    ({ who, arePatient }) => check({ urls: cluster.urls, arePatient }, `${who}, on a cluster`, 200),
    TIMEOUT_MS,
  );
});
