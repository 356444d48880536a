import { jest } from '@jest/globals';
import request from 'supertest';

import { startRedisServer, type RedisServer } from '../../../../test/support/redis-server.js';
import { createApp } from '../../src/app.factory.js';
import { IN_MEMORY } from '../../src/database/open-embedded.js';

jest.setTimeout(60_000);

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

/** Starts the app on a database that is new, and lets it answer. */
async function withFreshDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const app = await createApp({
    env: { DATA_DIR: IN_MEMORY, SEED_MESSAGES: '0', REDIS_URL: redis.url },
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  await work(await app.getUrl());
  await app.close();
}

it('a new database is not hidden by what Redis has of an earlier one', async () => {
  const read = (url: string) => request(url).get('/bots/1').set('x-user-id', 'ada').expect(200);

  await withFreshDatabase(async (url) => {
    await request(url).patch('/bots/1').set('x-user-id', 'ada').send({ name: 'Renamed' }).expect(200);
    expect((await read(url)).body.name).toBe('Renamed');
  });

  await withFreshDatabase(async (url) => {
    const { body, headers } = await read(url);
    expect([body.name, headers['x-cache']]).toEqual(['Support Aster', 'MISS']);
  });
});
