import { jest } from '@jest/globals';

import { botEntity, botStats, orgBots } from '../../src/bots/bots.caches.js';
import { ReportsRepository } from '../../src/bots/reports.repository.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, Sample } from '../support/sample.js';

let database: DatabaseConnection;
let sample: Sample;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  sample = await Sample.start({ database, testing: { deadline: '50ms' } });
});
afterEach(async () => {
  await sample.close();
  jest.restoreAllMocks();
});
afterAll(() => database.onApplicationShutdown());

const get = (path: string, userId = 'ada') => sample.as(userId).get(path);
const xCache = async (path: string) => (await get(path).expect(200)).get('X-Cache');

describe('GET /bots/stats', () => {
  it('calculates what is not cached, and takes the rest from the entries of single bots', async () => {
    const { body: second } = await get('/bots/2/stats').expect(200);
    sample.caches.forget();

    const { body, headers } = await get('/bots/stats?ids=3,2,1').expect(200);

    expect(body.map(({ botId }: { botId: string }) => botId)).toEqual(['3', '2', '1']);
    expect(body[1]).toEqual(second);
    expect(['3', '2', '1'].map((botId) => sample.caches.loadsOf(botStats.at(botId)))).toEqual([1, 0, 1]);
    expect(headers['x-cache']).toBe('HIT; tier=l1, MISS');
    expect(await xCache('/bots/1/stats')).toBe('HIT; tier=l1');
    expect(await xCache('/bots/stats?ids=1,2,3,2')).toBe('HIT; tier=l1');
  });

  it.each(['201', '99999', '1,201', '1,99999,201'])(
    'of bots %s, not all of which are own ones, is the same 404',
    async (ids) => {
      const { status, body } = await get(`/bots/stats?ids=${ids}`);

      expect(status).toBe(404);
      expect(body.message).toBe('There are ids among them that are no bots in your organization');
      expect(sample.caches.loadsOf(botStats.all())).toBe(0);
    },
  );

  it.each(['', '?ids=', '?ids=1,', '?ids=1;2', '?ids=1&ids=2', '?ids=0', `?ids=${'1,'.repeat(100)}1`])(
    'of %j is 400',
    async (query) => {
      expect((await get(`/bots/stats${query}`)).status).toBe(400);
    },
  );

  it('has a bot the moment it is created, though it was asked for too early', async () => {
    const { body: last } = await sample.as('ada').post('/bots').send({ name: 'Last' });
    const next = Number(last.id) + 1;
    await get(`/bots/stats?ids=${next}`).expect(404);

    await sample.as('ada').post('/bots').send({ name: 'Early' }).expect(201);

    await get(`/bots/stats?ids=${next}`).expect(200);
  });
});

describe('a write', () => {
  it('that creates a bot stores it: the first read is a hit', async () => {
    const { body: created } = await sample.as('ada').post('/bots').send({ name: 'New' }).expect(201);

    const { body, headers } = await get(`/bots/${created.id}`);

    expect(headers['x-cache']).toBe('HIT; tier=l1');
    expect(body).toEqual(created);
    expect(sample.caches.loadsOf(botEntity.all())).toBe(0);
  });

  it('of a message evicts the statistics of its bot, and nothing else', async () => {
    const message = { direction: 'inbound', status: 'delivered' };
    const { messages: before } = (await get('/bots/1/stats')).body;

    await sample.as('ada').post('/bots/1/messages').send(message).expect(201);

    await sample.caches.expectEvicted(botStats.at('1'));
    expect(sample.caches.events.filter(({ type }) => type === 'evict')).toMatchObject([
      { kind: 'key', what: 'bot:1:stats' },
    ]);
    expect((await get('/bots/1/stats')).body.messages).toBe(before + 1);
  });
});

describe('reports of an organization', () => {
  const busiest = '/orgs/acme/reports/busiest-bots';
  const perDay = '/orgs/acme/reports/messages?days=30';

  it('tell of its messages only', async () => {
    const { body: bots } = await get(`${busiest}?days=30`).expect(200);
    const { body: days } = await get(perDay).expect(200);
    const { body: of1 } = await get('/bots/1/stats').expect(200);

    expect(bots).toHaveLength(10);
    expect(bots[0]).toEqual({ id: '1', name: 'Support Aster', messages: of1.messages });
    // A third of the 600 that there are, and what other tests have added.
    const sum = days.reduce((sofar: number, { messages }: { messages: number }) => sofar + messages, 0);
    expect(sum).toBeGreaterThanOrEqual(200);
    expect(sum).toBeLessThan(210);
    expect((await get(busiest, 'alan')).status).toBe(404);
  });

  it('are cached for each organization and number of days, and live as their class and method say', async () => {
    const paths = [busiest, `${busiest}?days=8`, perDay];
    expect(await Promise.all(paths.map(xCache))).toEqual(['MISS', 'MISS', 'MISS']);
    expect(await xCache(`${busiest}?days=7`)).toBe('HIT; tier=l1');

    sample.caches.clock.advance('10s');
    expect(await Promise.all(paths.map(xCache))).toEqual(['HIT; tier=l1', 'HIT; tier=l1', 'MISS']);
    sample.caches.clock.advance('50s');
    expect(await xCache(busiest)).toBe('MISS');
  });

  it('are served for an hour while the database is away', async () => {
    const { body: known } = await get(busiest).expect(200);
    jest.spyOn(sample.app.get(ReportsRepository), 'findBusiestBots').mockRejectedValue(new Error('away'));
    sample.caches.clock.advance('5m');

    const { body, headers } = await get(busiest).expect(200);
    expect(headers['x-cache']).toBe('STALE');
    expect(body).toEqual(known);

    sample.caches.clock.advance('1h');
    await get(busiest).expect(500);
  });
});

describe.each(['fail', 'hang'] as const)('while the cache would %s', (how) => {
  it('every route serves, and writes are seen at once, and after it', async () => {
    const name = `Renamed while it would ${how}`;
    await get('/bots/1').expect(200);
    await get('/orgs/acme/summary').expect(200);

    await sample.caches[how]();
    await sample.as('ada').patch('/bots/1').send({ name }).expect(200);
    expect((await get('/bots/1').expect(200)).body.name).toBe(name);
    expect((await get('/orgs/acme/summary').expect(200)).body.bots[0].name).toBe(name);
    await get('/bots/stats?ids=1,2').expect(200);
    await sample.as('ada').post('/orgs/acme/bots/stop').expect(200);
    expect((await get('/bots/1').expect(200)).body.status).toBe('inactive');

    await sample.caches.recover();
    await sample.caches.expectEvicted(botEntity.at('1'));
    await sample.caches.expectEvicted(orgBots.at('acme'));
    expect((await get('/bots/1').expect(200)).body).toMatchObject({ name, status: 'inactive' });
  });
});

it('CACHE_DISABLED names caches that are passed by', async () => {
  const without = await Sample.start({ database, env: { CACHE_DISABLED: 'bot-stats,bot-list' } });
  const outcomes: (string | undefined)[] = [];
  for (const path of ['/bots/1/stats', '/bots/stats?ids=1,2', '/orgs/acme/bots', '/bots/1', '/bots/1']) {
    outcomes.push((await without.as('ada').get(path).expect(200)).get('X-Cache'));
  }
  await without.close();

  expect(outcomes).toEqual(['BYPASS', 'BYPASS', 'BYPASS', 'MISS', 'HIT; tier=l1']);
});
