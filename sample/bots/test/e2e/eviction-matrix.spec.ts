import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, type Sample } from '../support/sample.js';
import { startVariant, VARIANTS } from '../support/variants.js';
import { all, botViews, organizationViews, readAll, type Views, withoutTier } from '../support/views.js';

const [HIT, MISS, GONE] = ['HIT', 'MISS', '404'];

const newBot = { name: 'Newcomer' };
const newName = { name: 'Renamed' };
const newMessage = { direction: 'outbound', status: 'delivered', latencyMs: 120 };

/** The bots that are written to, and the order in which what is cached of them is read. */
const CASES = VARIANTS.map((variant, index) => ({
  ...variant,
  subjects: [
    { botId: String(2 * index + 1), order: 'from the bot to its lists' },
    { botId: String(2 * index + 2), order: 'from the lists to the bot' },
  ],
}));

interface Row {
  readonly write: string;
  readonly body: object | undefined;
  readonly bot: string;
  readonly details: string;
  readonly stats: string;
  readonly list: string;
  readonly summary: string;
}

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.onApplicationShutdown());

describe.each(CASES)('on $adapter with the cache in $store', ({ subjects, ...variant }) => {
  let sample: Sample;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ sample, stop } = await startVariant(variant, database, { redisDeadline: 5_000 }));
  });
  afterAll(() => stop());

  it('each cached route misses once, then hits', async () => {
    const views = { ...botViews('ada', '9'), ...organizationViews('ada', 'acme') };
    expect(await readAll(sample, views)).toEqual(all(views, MISS));
    expect(await readAll(sample, views)).toEqual(all(views, 'HIT; tier=l1'));
  });

  describe.each(subjects)('bot $botId, read $order', ({ botId, order }) => {
    const touched = { ...botViews('ada', botId), ...organizationViews('ada', 'acme') };
    const views = order.startsWith('from the bot') ? touched : reversed(touched);
    const bystanders = {
      // Bot 10 beside bot 1.
      ...prefixed('neighbour', botViews('grace', `${botId}0`)),
      ...prefixed('stranger', { ...botViews('alan', '201'), ...organizationViews('alan', 'globex') }),
    };

    it.each`
      write                        | body          | bot     | details | stats   | list    | summary
      ${'POST /bots'}              | ${newBot}     | ${HIT}  | ${HIT}  | ${HIT}  | ${MISS} | ${MISS}
      ${'PATCH /bots/:id'}         | ${newName}    | ${MISS} | ${MISS} | ${HIT}  | ${MISS} | ${MISS}
      ${'POST /bots/:id/stop'}     | ${undefined}  | ${MISS} | ${MISS} | ${MISS} | ${MISS} | ${MISS}
      ${'POST /bots/:id/start'}    | ${undefined}  | ${MISS} | ${MISS} | ${MISS} | ${MISS} | ${MISS}
      ${'POST /bots/:id/messages'} | ${newMessage} | ${HIT}  | ${HIT}  | ${MISS} | ${HIT}  | ${HIT}
      ${'DELETE /bots/:id'}        | ${undefined}  | ${GONE} | ${GONE} | ${GONE} | ${MISS} | ${MISS}
    `('$write evicts exactly what it changes', async ({ write, body, ...expected }: Row) => {
      await readAll(sample, { ...views, ...bystanders });
      expect(withoutTier(await readAll(sample, { ...views, ...bystanders }))).toEqual({
        ...all(views, HIT),
        ...all(bystanders, HIT),
      });

      await send(sample, write.replace(':id', botId), body);

      expect(withoutTier(await readAll(sample, { ...views, ...bystanders }))).toEqual({
        ...expected,
        search: expected.list,
        ...all(bystanders, HIT),
      });
    });
  });
});

async function send(sample: Sample, write: string, body: object | undefined): Promise<void> {
  const [method, path = ''] = write.split(' ');
  const ada = sample.as('ada');
  const request =
    method === 'PATCH' ? ada.patch(path) : method === 'DELETE' ? ada.delete(path) : ada.post(path);
  const response = await request.send(body);
  expect(response.status).toBeLessThan(300);
}

function reversed(views: Views): Views {
  return Object.fromEntries(Object.entries(views).reverse());
}

function prefixed(prefix: string, views: Views): Views {
  return Object.fromEntries(Object.entries(views).map(([name, view]) => [`${prefix} ${name}`, view]));
}
