import { DEFAULT_BOT_SETTINGS } from '../../src/bots/bot-settings.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, type Sample } from '../support/sample.js';
import { MEMORY_VARIANTS, startVariant } from '../support/variants.js';

const settings = (changes: object) => ({ settings: { ...DEFAULT_BOT_SETTINGS, ...changes } });

const INVALID_QUERIES = [
  ['page=0', /page must not be less than 1/],
  ['page=1.5', /page must be an integer/],
  ['page=two', /page must be an integer/],
  ['page=1&page=2', /page must be an integer/],
  ['page=0x10', /page must be an integer/],
  ['page=1e2', /page must be an integer/],
  ['page=%2B5', /page must be an integer/],
  ['page=', /page must be an integer/],
  ['limit=1e1', /limit must be an integer/],
  ['page=99999999999', /page must not be greater than 10000/],
  ['limit=0', /limit must not be less than 1/],
  ['limit=101', /limit must not be greater than 100/],
  [`search=${'x'.repeat(101)}`, /search must be shorter than or equal to 100/],
  ['search=a%00b', /search must not contain control characters/],
  ['search=a&search=b', /search must be a string/],
  ['sort=name', /property sort should not exist/],
] as const;

const INVALID_BODIES = [
  ['post', '/bots', {}, /name must be a string/],
  ['post', '/bots', { name: '' }, /name must not be blank/],
  ['post', '/bots', { name: 'x'.repeat(101) }, /name must be shorter than or equal to 100/],
  ['post', '/bots', { name: 'a\u0000b' }, /name must not contain control characters/],
  ['post', '/bots', { name: 'a\ud800b' }, /name must not contain .* halves of surrogate pairs/],
  ['post', '/bots', { name: ' ' }, /name must not be blank/],
  ['post', '/bots', { name: '\u200b\u2028\ufeff' }, /name must not be blank/],
  ['post', '/bots', { name: 'A', id: '7' }, /property id should not exist/],
  ['post', '/bots', { name: 'A', orgId: 'globex' }, /property orgId should not exist/],
  ['patch', '/bots/1', { name: null }, /name must be a string/],
  ['patch', '/bots/1', { status: 'active' }, /property status should not exist/],
  ['patch', '/bots/1', { settings: [] }, /settings must be an object/],
  ['patch', '/bots/1', { settings: [DEFAULT_BOT_SETTINGS] }, /settings must be an object/],
  ['patch', '/bots/1', { settings: {} }, /settings.greeting must be a string/],
  ['patch', '/bots/1', settings({ extra: 1 }), /settings.property extra should not exist/],
  ['patch', '/bots/1', settings({ channels: ['fax'] }), /settings.each value in channels must be one of/],
  [
    'patch',
    '/bots/1',
    settings({ model: { name: 'm', temperature: 3 } }),
    /temperature must not be greater than 2/,
  ],
  ['patch', '/bots/1', settings({ model: [] }), /settings.model must be an object/],
  ['patch', '/bots/1', settings({ limits: [] }), /settings.limits must be an object/],
  ['patch', '/bots/1', settings({ model: [DEFAULT_BOT_SETTINGS.model] }), /settings.model must be an object/],
  ['patch', '/bots/1', settings({ model: undefined }), /settings.model must be an object/],
  [
    'patch',
    '/bots/1',
    settings({ greeting: '\udc00' }),
    /greeting must not contain .* halves of surrogate pairs/,
  ],
  ['patch', '/bots/1', settings({ greeting: '\u0000' }), /greeting must not contain control characters/],
  ['post', '/bots/1/messages', { direction: 'sideways', status: 'failed' }, /direction must be one of/],
  [
    'post',
    '/bots/1/messages',
    { direction: 'inbound', status: 'failed', latencyMs: -1 },
    /latencyMs must not be less/,
  ],
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
  });
  afterAll(() => stop());

  it.each(INVALID_QUERIES)('a list with %s is 400', async (query, reason) => {
    const response = await sample.as('ada').get(`/orgs/acme/bots?${query}`);
    expect(response.status).toBe(400);
    expect([response.body.message].flat().join('; ')).toMatch(reason);
  });

  it.each(INVALID_BODIES)('%s %s with %j is 400', async (method, path, body, reason) => {
    const response = await sample.as('ada')[method](path).send(body);
    expect(response.status).toBe(400);
    expect([response.body.message].flat().join('; ')).toMatch(reason);
  });

  it.each(['abc', '0', '-1', '1.0', '01', '1e1', '9999999999', '1%3A2', '1*', '%00'])(
    'a bot with the id %s is 400',
    async (id) => {
      const response = await sample.as('ada').get(`/bots/${id}`);
      expect(response.status).toBe(400);
      expect(response.body.message).toMatch(/Expected the bot id to be a positive whole number/);
    },
  );

  it('a body that is no JSON is 400', async () => {
    const response = await sample.as('ada').post('/bots').type('application/json').send('{"name":');
    expect(response.status).toBe(400);
  });

  it('equal searches share one entry, others do not', async () => {
    const read = async (search: string) =>
      (await sample.as('ada').get('/orgs/acme/bots').query({ search })).get('X-Cache');

    expect(await read('Aster')).toBe('MISS');
    expect(await read('  aSTER ')).toBe('HIT; tier=l1');
    expect(await read('aster:')).toBe('MISS');
    expect(await read('aster*')).toBe('MISS');
    expect(await read('')).toBe('MISS');
  });

  it.each([
    ['Zoe\u0308 {nfd}', 'Zo\u00eb {NFD}'],
    ['Zo\u00eb {nfc}', 'zoe\u0308 {nfc}'],
    ['\u0130stanbul', '\u0130stanbul'],
    ['\u{1f916} Bot', ' \u{1f916} bot '],
  ])('a bot named %s is found by %s', async (name, search) => {
    const { body: created } = await sample.as('ada').post('/bots').send({ name });
    const { body: found } = await sample.as('ada').get('/orgs/acme/bots').query({ search });

    expect(created.name).toBe(name.normalize());
    expect(found.items).toEqual([created]);
    await sample.as('ada').delete(`/bots/${created.id}`).expect(204);
  });

  it('keeps what it was given', async () => {
    const bot = {
      name: 'Zoë {x}:*',
      description: '',
      ...settings({ language: 'pt-BR', channels: ['email', 'web'] }),
    };
    const { body: created, status } = await sample.as('ada').post('/bots').send(bot);
    const { body: read } = await sample.as('grace').get(`/bots/${created.id}`);

    expect(status).toBe(201);
    expect(read).toEqual({ ...created, ...bot, orgId: 'acme', status: 'inactive', updatedBy: 'ada' });
  });
});
