import { AsyncResource } from 'node:async_hooks';

import { sql } from 'drizzle-orm';

import { botDetails, botEntity, botStats, orgBots, orgBotsTag } from '../src/bots/bots.caches.js';
import { BotsRepository } from '../src/bots/bots.repository.js';
import { BotsService } from '../src/bots/bots.service.js';
import type { DatabaseConnection } from '../src/database/database-connection.js';
import { UnitOfWork } from '../src/database/unit-of-work.js';
import { openTestDatabase, Sample } from './support/sample.js';
import { all, botViews, organizationViews, readAll, withoutTier } from './support/views.js';

/** Says no when a transaction that has stopped a bot is about to be committed, and not before. */
const REFUSE_STOPS_AT_COMMIT = [
  `CREATE FUNCTION bots_sample.refuse() RETURNS trigger LANGUAGE plpgsql AS
   $$ BEGIN RAISE EXCEPTION 'refused at the commit'; END $$`,
  `CREATE CONSTRAINT TRIGGER refuse_stops AFTER UPDATE ON bots_sample.bots
   DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'inactive')
   EXECUTE FUNCTION bots_sample.refuse()`,
];
const ALLOW_STOPS = 'DROP FUNCTION bots_sample.refuse() CASCADE';

const VIEWS = { ...botViews('ada', '1'), ...organizationViews('ada', 'acme') };

let database: DatabaseConnection;
let sample: Sample;

beforeAll(async () => {
  database = await openTestDatabase(0);
  sample = await Sample.start({ database, testing: {} });
});
beforeEach(async () => {
  await sample.as('ada').post('/bots/1/start').expect(200);
  await readAll(sample, VIEWS);
  sample.caches.forget();
});
afterAll(async () => {
  await sample.close();
  await database.onApplicationShutdown();
});

const stopAll = (userId = 'ada', orgId = 'acme') => sample.as(userId).post(`/orgs/${orgId}/bots/stop`);
const evictions = () => sample.caches.events.filter(({ type }) => type === 'evict');

describe('stopping all bots of an organization', () => {
  it('evicts what was cached of each of them, after the commit', async () => {
    const strangers = botViews('alan', '201');
    await readAll(sample, strangers);

    const { status, body } = await stopAll();

    expect(status).toBe(200);
    expect(body).toContainEqual(expect.objectContaining({ id: '1', status: 'inactive', updatedBy: 'ada' }));
    for (const entry of [botEntity.at('1'), botDetails.at('1'), botStats.at('1'), orgBots.at('acme')]) {
      await sample.caches.expectEvicted(entry);
    }
    expect((await sample.as('ada').get('/bots/1')).body.status).toBe('inactive');
    expect((await sample.as('ada').get('/orgs/acme/summary')).body.byStatus).toEqual({
      active: 0,
      inactive: 200,
    });
    expect(withoutTier(await readAll(sample, strangers))).toEqual(all(strangers, 'HIT'));
  });

  it('evicts what all of them share once', async () => {
    for (const botId of ['2', '3']) await sample.as('ada').post(`/bots/${botId}/start`).expect(200);
    sample.caches.forget();

    expect((await stopAll()).body).toHaveLength(3);

    const shared = evictions().filter((event) => 'what' in event && event.what === orgBotsTag('acme'));
    expect(shared).toHaveLength(1);
  });

  it('is an error when the commit fails: then nothing is evicted, and what is cached is still right', async () => {
    for (const statement of REFUSE_STOPS_AT_COMMIT) await database.db.execute(sql.raw(statement));

    const { status } = await stopAll();
    await database.db.execute(sql.raw(ALLOW_STOPS));

    expect(status).toBe(500);
    expect(evictions()).toEqual([]);
    expect(withoutTier(await readAll(sample, VIEWS))).toEqual(all(VIEWS, 'HIT'));
    const stored = await sample.app.get(BotsRepository).find('1');
    expect(stored?.status).toBe('active');
    await sample.caches.expectCached(botEntity.at('1'), stored);
  });

  it("is 404 for another organization's, and stops none", async () => {
    expect((await stopAll('alan')).status).toBe(404);
    expect((await sample.app.get(BotsRepository).find('1'))?.status).toBe('active');
  });
});

describe('a unit of work', () => {
  it('reads what it has written, where others still read what is cached', async () => {
    const [service, unit] = [sample.app.get(BotsService), sample.app.get(UnitOfWork)];
    let others: Promise<string> | undefined;
    const outside = AsyncResource.bind(async () => (await service.getBot('ada', '1')).status);

    const inside = await unit.run(async () => {
      await service.stopBot('ada', '1');
      others = outside();
      await others;
      return (await service.getBot('ada', '1')).status;
    });

    expect([inside, await others]).toEqual(['inactive', 'active']);
  });

  it('does not wait for a reader of the same entry who waits for the only connection', async () => {
    const [service, unit] = [sample.app.get(BotsService), sample.app.get(UnitOfWork)];
    let reader: Promise<unknown> | undefined;
    const outside = AsyncResource.bind(() => service.getBot('ada', '5'));

    const name = await unit.run(async () => {
      reader = outside();
      return (await service.getBot('ada', '5')).name;
    });

    expect(await reader).toMatchObject({ id: '5', name });
  });

  it('undoes all when its work throws, and keeps what is cached', async () => {
    const [service, unit] = [sample.app.get(BotsService), sample.app.get(UnitOfWork)];

    const failure = unit.run(async () => {
      await service.stopBot('ada', '1');
      await service.stopBot('ada', '99999');
    });

    await expect(failure).rejects.toThrow('There is no bot 99999 in your organization');
    expect(evictions()).toEqual([]);
    expect(withoutTier(await readAll(sample, VIEWS))).toEqual(all(VIEWS, 'HIT'));
    expect((await sample.app.get(BotsRepository).find('1'))?.status).toBe('active');
  });
});
