import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { eq } from 'drizzle-orm';
import { Cacheable, CacheModule, defineCache, key } from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';
import request from 'supertest';

import { startRedisServer, type RedisServer } from '../../../../test/support/redis-server.js';
import { BotsRepository } from '../../src/bots/bots.repository.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { bots } from '../../src/database/schema.js';
import { ReportsCache } from '../../src/http/reports-cache.decorator.js';
import { openTestDatabase, Sample } from '../support/sample.js';
import { MEMORY_VARIANTS, startVariant } from '../support/variants.js';
import { all, botViews, organizationViews, readAll } from '../support/views.js';

const VIEWS = { ...botViews('ada', '1'), ...organizationViews('ada', 'acme') };

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.onApplicationShutdown());

describe('two instances on one Redis', () => {
  let redis: RedisServer;
  let samples: Sample[];

  beforeAll(async () => {
    redis = await startRedisServer({ password: 'p@ss:word' });
    const env = {
      REDIS_URL: `redis://${redis.host}:${redis.port}`,
      REDIS_PASSWORD: 'p@ss:word',
      REDIS_DB: '3',
    };
    samples = [
      await Sample.start({ database, env, redisDeadline: 5_000 }),
      await Sample.start({ database, env, redisDeadline: 5_000, adapter: 'Fastify' }),
    ];
  });
  afterAll(async () => {
    for (const sample of samples) await sample.close();
    await redis.stop();
  });

  it('the second reads from L2 what the first has stored, and then from its own L1', async () => {
    const [first, second] = samples as [Sample, Sample];

    expect(await readAll(first, VIEWS)).toEqual(all(VIEWS, 'MISS'));
    expect(await readAll(second, VIEWS)).toEqual(all(VIEWS, 'HIT; tier=l2'));
    expect(await readAll(second, VIEWS)).toEqual(all(VIEWS, 'HIT; tier=l1'));
  });

  it.each(Object.entries(VIEWS))(
    'the body of %s is the same from the database, L2 and L1',
    async (_, { path }) => {
      const [first, second] = samples as [Sample, Sample];
      const fresh = await Sample.start({ database });
      const loaded = (await fresh.as('ada').get(path)).body;
      await fresh.close();
      const bodies = [(await first.as('ada').get(path)).body, (await second.as('ada').get(path)).body];

      // Each computation of statistics is of its own time.
      const timeless = (body: unknown) => JSON.stringify(body).replace(/"calculatedAt":"[^"]+"/, '');
      expect(bodies.map(timeless)).toEqual([timeless(loaded), timeless(loaded)]);
    },
  );
});

describe.each(MEMORY_VARIANTS)('on $adapter', (variant) => {
  it.each(['bot', 'details'])(
    '%s of a bot that went behind the back of the caches is 404 and MISS',
    async (view) => {
      const { sample, stop } = await startVariant(variant, database);
      const { id } = await new BotsRepository(database).create('ada', 'acme', { name: 'Short-lived' });
      await sample.as('ada').get(`/bots/${id}/stats`).expect(200);
      await database.db.delete(bots).where(eq(bots.id, id));

      const response = await sample.as('ada').get(botViews('ada', id)[view]?.path ?? '');
      await stop();

      expect(response.status).toBe(404);
      expect(response.get('X-Cache')).toBe('MISS');
    },
  );
});

describe('as time passes', () => {
  it.each([
    ['bot', 300, {}],
    ['details', 300, {}],
    ['stats', 60, {}],
    ['list', 180, {}],
    ['summary', 600, {}],
    ['stats', 7, { CACHE_TTL_BOT_STATS: '7' }],
  ] as const)('%s misses again after %d seconds, given %j', async (view, seconds, env) => {
    const sample = await Sample.start({ database, env, testing: {} });
    const { clock } = sample.caches;
    const outcomes: (string | undefined)[] = [];
    const read = async () =>
      outcomes.push((await sample.as('ada').get(VIEWS[view]?.path ?? '')).get('X-Cache'));

    await read();
    clock.advance(seconds * 1000 - 1);
    await read();
    clock.advance(1);
    await read();
    await sample.close();

    // From memory, or for more than 30 seconds from what stands in for Redis.
    expect(outcomes).toEqual(['MISS', expect.stringMatching(/^HIT; tier=l[12]$/), 'MISS']);
  });
});

describe('X-Cache', () => {
  const off = defineCache({ name: 'off', key: () => key`off`, ttl: '1m', enabled: false });
  const patient = defineCache({
    name: 'patient',
    key: () => key`patient`,
    ttl: '1m',
    staleWhileRevalidate: '1m',
  });
  const other = defineCache({ name: 'other', key: () => key`other`, ttl: '1m' });

  @Controller()
  class Routes {
    @Get('off')
    @ReportsCache(off)
    @Cacheable(off)
    async off(): Promise<string> {
      return 'fresh';
    }

    @Get('patient')
    @ReportsCache(patient)
    @Cacheable(patient)
    async patient(): Promise<string> {
      return 'maybe stale';
    }

    @Get('never-read')
    @ReportsCache(other)
    async neverRead(): Promise<string> {
      return this.patient();
    }
  }

  const clock = new FakeClock();

  @Module({
    imports: [CacheModule.forRoot({ namespace: 'test', clock, defaults: { jitter: 0 } })],
    controllers: [Routes],
  })
  class RoutesModule {}

  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [RoutesModule] }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    close = () => app.close();
  });
  afterAll(() => close());

  const xCache = async (path: string) => (await request(url).get(path).expect(200)).get('X-Cache');

  it('is BYPASS for a disabled cache', async () => {
    expect(await xCache('/off')).toBe('BYPASS');
    expect(await xCache('/off')).toBe('BYPASS');
  });

  it('is STALE for a stale entry', async () => {
    await xCache('/patient');
    clock.advance('90s');
    expect(await xCache('/patient')).toBe('STALE');
  });

  it('is missing when the route did not read its cache', async () => {
    expect(await xCache('/never-read')).toBeUndefined();
  });
});
