import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, Sample } from '../support/sample.js';

describe('GET /metrics', () => {
  let database: DatabaseConnection;

  beforeAll(async () => {
    database = await openTestDatabase(0);
  });
  afterAll(() => database.onApplicationShutdown());

  it.each(['Express', 'Fastify'] as const)(
    'counts the reads of each cache for Prometheus, tells no key, and needs no user: %s',
    async (adapter) => {
      const sample = await Sample.start({ database, adapter });
      for (const path of ['/bots/1', '/bots/1', '/bots/2', '/orgs/acme/bots?search=support']) {
        await sample.as('ada').get(path).expect(200);
      }

      const { status, text, headers } = await sample.anonymously().get('/metrics');
      await sample.close();

      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = text.split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'nestjs_roost_requests_total{cache="bot",tier="l1",outcome="hit"} 1',
          'nestjs_roost_requests_total{cache="bot",tier="none",outcome="miss"} 2',
          'nestjs_roost_requests_total{cache="bot-list",tier="none",outcome="miss"} 1',
          'nestjs_roost_alert_active{alert="hit-ratio"} 0',
        ]),
      );
      expect(text).not.toMatch(/bot:|bots:|user:|org:|acme|ada|support/);
    },
  );
});
