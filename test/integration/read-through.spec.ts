import { FakeClock } from '../../src/testing/fake-clock.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { describeFreshness } from '../support/freshness.behaviour.js';
import { describeReadThrough } from '../support/read-through.behaviour.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

describe('the engine on Redis', () => {
  const clock = new FakeClock();
  let server: RedisServer;
  let engine: EngineUnderTest;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    engine = await startEngine({ clock, redis: server.url, namespace: `test:${(namespaces += 1)}` });
  });

  afterEach(() => engine.runtime.close());

  describeReadThrough('on Redis', () => engine);
  describeFreshness('on Redis', () => ({ ...engine, clock }));
});
