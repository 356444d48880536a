import { jest } from '@jest/globals';
import { WarmupService } from 'nestjs-roost/warmup';

import { startRedisServer, type RedisServer } from '../../../../test/support/redis-server.js';
import { BotsRepository } from '../../src/bots/bots.repository.js';
import { StatisticsRepository } from '../../src/bots/statistics.repository.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { WarmupRepository } from '../../src/warmup/warmup.repository.js';
import { openTestDatabase, Sample } from '../support/sample.js';

const TIMED = ['bot-details', 'bot-statistics', 'first-pages'] as const;
const ORGANIZATIONS = ['acme', 'globex', 'initech'];

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => database.onApplicationShutdown());

const xCache = async (sample: Sample, path: string, userId = 'ada') =>
  (await sample.as(userId).get(path).expect(200)).get('X-Cache');

const warmupsOf = ({ app }: Sample) => app.get(WarmupService);

describe('two instances on one Redis', () => {
  let redis: RedisServer;
  let fleet: readonly Sample[];
  let first: Sample;
  let second: Sample;
  /** What the database was asked for, by either of them. */
  let loaded: string[];
  let activeIds: string[];
  let tests = 0;

  beforeAll(async () => {
    redis = await startRedisServer();
  });
  beforeEach(async () => {
    tests += 1;
    const env = { REDIS_URL: redis.url, CACHE_NAMESPACE: `test:warmup${tests}` };
    const start = () => Sample.start({ database, env, redisDeadline: 5_000 });
    fleet = [first, second] = [await start(), await start()];
    loaded = [];
    for (const { app } of fleet) {
      watch(app.get(StatisticsRepository), 'calculate', (botId) => String(botId));
      watch(app.get(BotsRepository), 'findPage', (query) => `page of ${(query as { orgId: string }).orgId}`);
      watch(app.get(BotsRepository), 'findByOrganization', (orgId) => `summary of ${String(orgId)}`);
    }
    activeIds = await first.app.get(WarmupRepository).findActiveBotIds();
  });
  afterEach(async () => {
    for (const sample of fleet) await sample.close();
  });
  afterAll(() => redis.stop());

  /** Notes the calls, and makes them. */
  function watch<T extends object>(repository: T, method: keyof T, describeCall: (arg: unknown) => string) {
    const original = repository[method] as (...args: unknown[]) => unknown;
    Object.assign(repository, {
      [method]: (...args: unknown[]) => {
        loaded.push(describeCall(args[0]));
        return original.apply(repository, args);
      },
    });
  }

  it('have some active bots, of which the first is one', () => {
    expect(activeIds).toContain('1');
    expect(activeIds.length).toBeLessThan(200);
  });

  it.each([
    ['bot-details', () => activeIds],
    ['bot-statistics', () => activeIds],
    ['first-pages', () => ORGANIZATIONS.flatMap((orgId) => [`page of ${orgId}`, `summary of ${orgId}`])],
  ] as const)('that run %s at once, and then again, load each item once', async (name, expected) => {
    const atOnce = await Promise.all(fleet.map((sample) => warmupsOf(sample).run(name)));
    const again = [await warmupsOf(first).run(name), await warmupsOf(second).run(name)];

    // The later one of two is told that the other one runs it, or comes when that is over.
    expect(atOnce.map(({ outcome }) => outcome)).toContain('done');
    expect(again.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect([...atOnce, ...again].filter(({ failed }) => failed > 0)).toEqual([]);
    expect(loaded.toSorted()).toEqual([...expected()].sort());
  });

  it('both serve what one of them has warmed', async () => {
    for (const name of TIMED) await warmupsOf(first).run(name);
    loaded = [];

    const paths = ['/bots/1/details', '/bots/1/stats', '/orgs/acme/bots', '/orgs/acme/summary'];
    for (const path of paths) {
      expect(await xCache(first, path)).toMatch(/^HIT; tier=l[12]$/);
      expect(await xCache(second, path)).toBe('HIT; tier=l2');
    }
    expect(await xCache(second, '/orgs/globex/bots', 'alan')).toBe('HIT; tier=l2');
    expect(loaded).toEqual([]);
  });
});

describe('a bot that changes', () => {
  let sample: Sample;

  beforeEach(async () => {
    sample = await Sample.start({ database, env: { WARMUP: 'on' } });
  });
  afterEach(() => sample.close());

  /** Resolves when the warmup that `write` triggers is over. */
  async function warmedBy(write: () => PromiseLike<unknown>): Promise<void> {
    const finished = new Promise<void>((resolve) => {
      const stop = warmupsOf(sample).subscribe(({ warmup, kind }) => {
        if (warmup !== 'changed-bot' || kind !== 'finished') return;
        stop();
        resolve();
      });
    });
    await write();
    await finished;
  }

  it('is warm as it is now before somebody asks, unless it was stopped', async () => {
    const name = 'Warm and new';

    await warmedBy(() => sample.as('ada').patch('/bots/1').send({ name }).expect(200));
    const { body, headers } = await sample.as('ada').get('/bots/1/details').expect(200);
    expect(headers['x-cache']).toBe('HIT; tier=l1');
    expect(body.name).toBe(name);

    await warmedBy(() => sample.as('ada').post('/bots/1/stop').expect(200));
    expect(await xCache(sample, '/bots/1/details')).toBe('MISS');

    await warmedBy(() => sample.as('ada').post('/bots/1/start').expect(200));
    expect(await xCache(sample, '/bots/1/details')).toBe('HIT; tier=l1');
  });
});

it.each([
  ['on', TIMED],
  ['off', []],
])('WARMUP=%s decides what runs by itself', async (value, expected) => {
  const sample = await Sample.start({ database, env: { WARMUP: value } });
  const scheduled = warmupsOf(sample)
    .status()
    .flatMap(({ name, next }) => (next === undefined ? [] : [name]));
  await sample.close();

  expect(scheduled.sort()).toEqual([...expected]);
});
