import { HealthIndicatorService } from '@nestjs/terminus';

import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { DatabaseHealthIndicator } from '../../src/health/database.health.js';
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
  });
});

it('a database that never answers is down, not waited for', async () => {
  const hanging: Pick<DatabaseConnection, 'ping'> = { ping: () => new Promise(() => {}) };
  const indicator = new DatabaseHealthIndicator(hanging as DatabaseConnection, new HealthIndicatorService());

  expect(await indicator.ping('database')).toMatchObject({
    database: { status: 'down', message: 'timeout of 200ms exceeded' },
  });
});
