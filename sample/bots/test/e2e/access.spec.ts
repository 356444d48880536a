import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, type Sample } from '../support/sample.js';
import { MEMORY_VARIANTS, startVariant } from '../support/variants.js';
import { botViews, organizationViews, readAll } from '../support/views.js';

const ON_BOT_1 = [
  ['get', '/bots/1', undefined],
  ['get', '/bots/1/details', undefined],
  ['get', '/bots/1/stats', undefined],
  ['patch', '/bots/1', { name: 'Stolen' }],
  ['post', '/bots/1/start', undefined],
  ['post', '/bots/1/stop', undefined],
  ['post', '/bots/1/messages', { direction: 'inbound', status: 'delivered' }],
  ['delete', '/bots/1', undefined],
] as const;

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.onApplicationShutdown());

describe.each(MEMORY_VARIANTS)('on $adapter', (variant) => {
  let sample: Sample;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ sample, stop } = await startVariant(variant, database));
    await readAll(sample, { ...botViews('ada', '1'), ...organizationViews('ada', 'acme') });
  });
  afterAll(() => stop());

  it.each(ON_BOT_1)(
    "%s %s of another organization's bot is 404, though it is cached",
    async (method, path, body) => {
      const response = await sample.as('alan')[method](path).send(body);

      expect(response.status).toBe(404);
      expect(response.body).toMatchObject({ message: 'There is no bot 1 in your organization' });
      expect(response.get('X-Cache')).toBeUndefined();
      expect((await sample.as('ada').get('/bots/1')).body).toMatchObject({ id: '1', name: 'Support Aster' });
    },
  );

  it('a bot that does not exist looks the same', async () => {
    const response = await sample.as('alan').get('/bots/99999');
    expect(response.body).toEqual({
      ...(await sample.as('alan').get('/bots/1')).body,
      message: 'There is no bot 99999 in your organization',
    });
  });

  it.each([
    '/orgs/acme/bots',
    '/orgs/acme/summary',
    '/orgs/nowhere/bots',
    '/orgs/globex%2F..%2Facme/summary',
  ])('%s is 404 to who does not belong there', async (path) => {
    expect((await sample.as('alan').get(path)).status).toBe(404);
  });

  it('colleagues share what is cached', async () => {
    expect((await sample.as('grace').get('/bots/1/details')).get('X-Cache')).toBe('HIT; tier=l1');
  });

  it.each([
    ['no user', undefined],
    ['an unknown user', 'mallory'],
    ['a malformed user', 'ada:1'],
    ['a user in capitals', 'ADA'],
    ['a very long user', 'a'.repeat(500)],
  ])('%s is 401, even to a cached route', async (_, userId) => {
    const request = sample.anonymously().get('/bots/1');
    const response = await (userId === undefined ? request : request.set('x-user-id', userId));

    expect(response.status).toBe(401);
    expect(response.body.message).toMatch(/x-user-id/);
  });

  it('a bot can be read the moment it is created, also by its number asked for too early', async () => {
    const { body: last } = await sample.as('ada').post('/bots').send({ name: 'Last' });
    const next = Number(last.id) + 1;
    expect((await sample.as('ada').get(`/bots/${next}`)).status).toBe(404);

    const { body: created } = await sample.as('ada').post('/bots').send({ name: 'Early' });

    expect(created.id).toBe(String(next));
    expect((await sample.as('ada').get(`/bots/${next}`)).body).toEqual(created);
  });
});
