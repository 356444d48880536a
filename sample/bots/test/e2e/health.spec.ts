import { startRedisServer } from '../../../../test/support/redis-server.js';
import { BotsService } from '../../src/bots/bots.service.js';
import { DatabaseConnection } from '../../src/database/database-connection.js';
import { askHealth, fastest, type Health, HEALTH_BOUND_MS } from '../support/health.js';
import { openTestDatabase, Sample } from '../support/sample.js';

describe('GET /health', () => {
  let database: DatabaseConnection;
  let sample: Sample;

  beforeAll(async () => {
    database = await openTestDatabase(0);
    sample = await Sample.start({ database });
  });
  afterAll(() => sample.close());

  it('needs no user, and says that the cache is in memory', async () => {
    const { status, body } = await sample.anonymously().get('/health');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      info: {
        redis: { status: 'up', mode: 'memory' },
        database: { status: 'up', responseTime: expect.any(Number) },
      },
    });
  });

  it('is 503 with a reason when the database is gone, while what is cached is still served', async () => {
    await sample.as('ada').get('/bots/1').expect(200);
    await database.onApplicationShutdown();

    const { status, body } = await sample.anonymously().get('/health');

    expect(status).toBe(503);
    expect(body.error).toMatchObject({
      database: { status: 'down', message: expect.stringMatching(/closed/) },
    });
    expect((await sample.as('ada').get('/bots/1')).get('X-Cache')).toBe('HIT; tier=l1');
    expect(await askHealth(sample, '/health/ready')).toMatchObject({
      status: 503,
      body: { error: { database: { status: 'down' } }, info: { cache: { status: 'up', degraded: [] } } },
    });
    expect(await askHealth(sample, '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('GET /health during a burst of cold statistics', () => {
  it('overtakes them, finds Redis and the database up, and answers within its bound', async () => {
    const database = await openTestDatabase(6_000);
    const redis = await startRedisServer();
    const sample = await Sample.start({ database, env: { REDIS_URL: redis.url }, redisDeadline: 5_000 });
    const service = sample.app.get(BotsService);
    const answers: (Health & { readonly overtaken: number })[] = [];

    for (const firstBot of [1, 51, 101, 151]) {
      let waiting = 50;
      const burst = Array.from({ length: waiting }, async (_, index) => {
        await service.calculateBotStatistics(String(firstBot + index));
        waiting -= 1;
      });
      answers.push({ ...(await askHealth(sample)), overtaken: waiting });
      await Promise.all(burst);
    }
    await sample.close();
    await redis.stop();
    await database.onApplicationShutdown();

    const { status, elapsed, overtaken } = fastest(answers) ?? {};
    expect(status).toBe(200);
    expect(elapsed).toBeLessThan(HEALTH_BOUND_MS);
    expect(overtaken).toBeGreaterThan(25);
  });
});

describe('GET /health while the database hangs', () => {
  it('answers within its bound that the database is down', async () => {
    const database = await openTestDatabase(0);
    const sample = await Sample.start({
      database: new DatabaseConnection(database.db, database.description, {
        ping: () => new Promise(() => {}),
        close: async () => {},
      }),
    });

    const answers = [await askHealth(sample), await askHealth(sample), await askHealth(sample)];
    await sample.close();
    await database.onApplicationShutdown();

    for (const { status, body } of answers) {
      expect(status).toBe(503);
      expect(body).toMatchObject({
        error: { database: { status: 'down', message: 'timeout of 200ms exceeded' } },
      });
    }
    expect(fastest(answers)?.elapsed).toBeLessThan(HEALTH_BOUND_MS);
  });
});
