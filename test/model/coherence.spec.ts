/**
 * A model-based test: fast-check makes up commands, and a simple sequential model says what each read may give. In
 * memory, and with two engines that share one real Redis (coherence-on-cluster.spec.ts: or a cluster): every command,
 * reply and bus message between them moves when a command says so, as loads end and time passes. So evictions land
 * before, within and after everything else.
 *
 * The source never gives the same version twice: whatever was loaded or put before an eviction began is old once the
 * eviction is acknowledged, and in the other process once its message has come.
 *
 * Nobody who waits for a load has to look by himself whether it has ended, unless Redis has lost its lease.
 *
 * The seed of each run is printed. `FC_SEED=… npm test -- test/model` repeats it. When a run fails, fast-check tells
 * the shortest commands that fail, a `path` and a `replayPath`: with them in FC_PATH and FC_REPLAY_PATH, and the
 * test's name behind `-t`, only these run. FC_RUNS sets how many runs there are.
 */
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { CALLERS, check } from './support/check.js';

const TIMEOUT_MS = 300_000;

describe.each(CALLERS)('$who never read what an eviction has made old', ({ who, arePatient }) => {
  describe('in two processes on one Redis', () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await startRedisServer();
    });

    afterAll(() => redis.stop());

    it(
      'whatever is overtaken by what',
      () => check({ urls: [redis.url], arePatient }, `${who}, on one Redis`, 400),
      TIMEOUT_MS,
    );
  });

  it('in memory', () => check({ arePatient }, `${who}, in memory`, 3_000), TIMEOUT_MS);
});
