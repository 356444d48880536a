import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { sendHalfARequest } from '../support/half-request.js';
import { openTestDatabase } from '../support/sample.js';
import { MEMORY_VARIANTS, startVariant } from '../support/variants.js';

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase(0);
});
afterAll(() => database.onApplicationShutdown());

it.each(MEMORY_VARIANTS)(
  'on $adapter, half a request does not keep the app from closing',
  async (variant) => {
    const { sample, stop } = await startVariant(variant, database);
    await sendHalfARequest(sample.url);

    await stop();

    await expect(fetch(sample.url)).rejects.toThrow(/fetch failed/);
  },
);
