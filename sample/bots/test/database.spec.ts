import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { count, eq, sql } from 'drizzle-orm';

import { BotsRepository } from '../src/bots/bots.repository.js';
import { StatisticsRepository } from '../src/bots/statistics.repository.js';
import type { DatabaseConnection } from '../src/database/database-connection.js';
import { IN_MEMORY, openEmbedded } from '../src/database/open-embedded.js';
import { prepareDatabase } from '../src/database/prepare.js';
import { bots, messages, organizations, users } from '../src/database/schema.js';

const MESSAGES = 3_000;

// Making the files of a database takes seconds, on a busy machine many.
jest.setTimeout(60_000);

beforeAll(() => Logger.overrideLogger(false));

describe('a database after its first start', () => {
  let database: DatabaseConnection;
  let repository: BotsRepository;
  let statistics: StatisticsRepository;

  beforeAll(async () => {
    database = await openEmbedded(IN_MEMORY);
    await prepareDatabase(database.db, MESSAGES);
    repository = new BotsRepository(database);
    statistics = new StatisticsRepository(database);
  });
  afterAll(() => database.onApplicationShutdown());

  it('holds three organizations with two users and two hundred bots each', async () => {
    const botsOf = await database.db
      .select({ orgId: bots.orgId, number: count() })
      .from(bots)
      .groupBy(bots.orgId);
    const usersOf = await database.db
      .select({ orgId: users.orgId, number: count() })
      .from(users)
      .groupBy(users.orgId);

    expect(Object.fromEntries(botsOf.map(({ orgId, number }) => [orgId, number]))).toEqual({
      acme: 200,
      globex: 200,
      initech: 200,
    });
    expect(usersOf.map(({ number }) => number)).toEqual([2, 2, 2]);
    expect(await repository.find('1')).toMatchObject({ id: '1', orgId: 'acme', name: 'Support Aster' });
    expect(await repository.find('201')).toMatchObject({ orgId: 'globex' });
  });

  it('gives no two bots of an organization the same name', async () => {
    const { bots: all } = await repository.findByOrganization('initech');
    expect(new Set(all.map(({ name }) => name)).size).toBe(200);
  });

  it('holds exactly the messages that were asked for, many of them with few bots', async () => {
    const perBot = await database.db
      .select({ botId: messages.botId, number: count() })
      .from(messages)
      .groupBy(messages.botId);
    const numbers = perBot.map(({ number }) => number);

    expect(numbers.reduce((sum, number) => sum + number)).toBe(MESSAGES);
    expect(perBot.find(({ botId }) => botId === '1')?.number).toBeGreaterThan(MESSAGES / 3 / 10);
    expect(Math.min(...numbers)).toBeLessThan(MESSAGES / 600);
  });

  it('is seeded with the same rows every time', async () => {
    const another = await openEmbedded(IN_MEMORY);
    await prepareDatabase(another.db, MESSAGES);
    const digest = sql<string>`md5(string_agg(concat_ws(',', ${messages.id}, ${messages.botId}, ${messages.direction},
      ${messages.status}, ${messages.latencyMs}), ';' ORDER BY ${messages.id}))`;

    const [first] = await database.db.select({ digest }).from(messages);
    const [second] = await another.db.select({ digest }).from(messages);
    await another.onApplicationShutdown();

    expect(second).toEqual(first);
  });

  it('is left alone by a second start', async () => {
    await prepareDatabase(database.db, MESSAGES * 2);
    expect(await database.db.$count(messages)).toBe(MESSAGES);
  });

  it('computes statistics that agree with the rows', async () => {
    const rows = await database.db.select().from(messages).where(eq(messages.botId, '1'));
    const latencies = rows.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
    const at = (fraction: number) => {
      const rank = fraction * (latencies.length - 1);
      const [low, high] = [latencies[Math.floor(rank)] ?? 0, latencies[Math.ceil(rank)] ?? 0];
      return low + (high - low) * (rank % 1);
    };

    const result = await statistics.calculate('1');

    expect(result.messages).toBe(rows.length);
    expect(result.counts.outbound.failed).toBe(
      rows.filter(({ direction, status }) => direction === 'outbound' && status === 'failed').length,
    );
    expect(result.latency.p50).toBeCloseTo(at(0.5), 6);
    expect(result.latency.p95).toBeCloseTo(at(0.95), 6);
    expect(result.perDay.reduce((sum, day) => sum + day.messages, 0)).toBe(rows.length);
    const days = result.perDay.map(({ day }) => day);
    expect(days).toEqual([...days].sort().reverse());
    expect(days[0]).toBe(
      rows
        .map(({ createdAt }) => createdAt.toISOString().slice(0, 10))
        .sort()
        .at(-1),
    );
  });

  it('computes empty statistics of a bot that nobody wrote to', async () => {
    const { id } = await repository.create('ada', 'acme', { name: 'Silent' });

    expect(await statistics.calculate(id)).toMatchObject({
      messages: 0,
      counts: { inbound: { delivered: 0 }, outbound: { failed: 0 } },
      latency: { p50: null, p95: null },
      perDay: [],
    });
    await repository.delete(id);
  });

  it('deletes a bot with its messages', async () => {
    const { id } = await repository.create('ada', 'acme', { name: 'Short-lived' });
    await repository.addMessage(id, { direction: 'inbound', status: 'delivered' });

    expect(await repository.delete(id)).toMatchObject({ id });

    expect(await repository.find(id)).toBeUndefined();
    expect(await database.db.$count(messages, eq(messages.botId, id))).toBe(0);
  });

  it('tells when the bot to change is gone', async () => {
    expect(await repository.update('ada', '999', { name: 'x' })).toBeUndefined();
    expect(await repository.delete('999')).toBeUndefined();
    expect(await repository.addMessage('999', { direction: 'inbound', status: 'failed' })).toBeUndefined();
  });

  it('pages through all bots, each once', async () => {
    const pages = await Promise.all(
      [1, 2, 3].map((page) => repository.findPage({ orgId: 'acme', page, limit: 90, search: '' })),
    );

    expect(pages.map(({ items, total }) => [items.length, total])).toEqual([
      [90, 200],
      [90, 200],
      [20, 200],
    ]);
    expect(new Set(pages.flatMap(({ items }) => items.map(({ id }) => id))).size).toBe(200);
  });

  it.each([
    ['%', ['100% Bot']],
    ['0_', ['10_Bot']],
    ['\\', ['Back\\slash']],
    ['bot', ['100% Bot', '10_Bot', '10xBot']],
  ])('searches for %j as plain text', async (search, names) => {
    const created = await Promise.all(
      ['100% Bot', '10_Bot', '10xBot', 'Back\\slash'].map((name) =>
        repository.create('ada', 'acme', { name }),
      ),
    );
    const { items } = await repository.findPage({ orgId: 'acme', page: 1, limit: 100, search });
    await Promise.all(created.map(({ id }) => repository.delete(id)));

    expect(items.map(({ name }) => name).sort()).toEqual(names);
  });
});

describe('the embedded database', () => {
  let database: DatabaseConnection;

  beforeAll(async () => {
    database = await openEmbedded(IN_MEMORY);
    await prepareDatabase(database.db, 0);
  });
  afterAll(() => database.onApplicationShutdown());

  it('gives a transaction the connection for itself: a query sent meanwhile waits for its end', async () => {
    let meanwhile: Promise<number> | undefined;
    const failure = database.db.transaction(async (tx) => {
      await tx.insert(organizations).values({ id: 'gone', name: 'Gone' });
      meanwhile = database.db.$count(organizations);
      expect(await tx.$count(organizations)).toBe(4);
      throw new Error('changed my mind');
    });

    await expect(failure).rejects.toThrow('changed my mind');
    expect(await meanwhile).toBe(3);
  });

  it('goes on after a statement that failed, in a transaction and outside', async () => {
    const nonsense = sql`SELECT nonsense`;
    await expect(database.db.execute(nonsense)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/nonsense/) },
    });
    await expect(database.db.transaction((tx) => tx.execute(nonsense))).rejects.toThrow();

    expect(await database.db.$count(organizations)).toBe(3);
  });

  it('answers the statements that a transaction sends at once', async () => {
    const counts = await database.db.transaction((tx) =>
      Promise.all([tx.$count(organizations), tx.$count(users), tx.$count(bots)]),
    );
    expect(counts).toEqual([3, 6, 600]);
  });

  it('takes a ping before the queries that wait', async () => {
    const answered: string[] = [];
    const others = await database.db.transaction(async (tx) => {
      const query = database.db.$count(bots).then(() => answered.push('query'));
      const ping = database.ping().then(() => answered.push('ping'));
      await tx.$count(bots);
      return [query, ping];
    });
    await Promise.all(others);

    expect(answered).toEqual(['ping', 'query']);
  });

  it('lets a transaction end before it closes, and refuses queries that wait or come later', async () => {
    const closing = await openEmbedded(IN_MEMORY);
    const refusal = { cause: { message: 'The embedded database is closed' } };
    const select = async () => closing.db.execute(sql`SELECT 1`);

    const { closed, failure } = await closing.db.transaction(async (tx) => {
      const others = {
        failure: select().catch((error: unknown) => error),
        closed: closing.onApplicationShutdown(),
      };
      await tx.execute(sql`SELECT 1`);
      return others;
    });

    await closed;
    expect(await failure).toMatchObject(refusal);
    await expect(select()).rejects.toMatchObject(refusal);
    await expect(closing.ping()).rejects.toThrow('The embedded database is closed');
  });
});

describe('a data folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bots-data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps the data from one start to the next', async () => {
    const first = await openEmbedded(folder);
    await prepareDatabase(first.db, 10);
    await new BotsRepository(first).update('ada', '1', { name: 'Renamed' });
    await first.onApplicationShutdown();

    const second = await openEmbedded(folder);
    await prepareDatabase(second.db, 10);
    const bot = await new BotsRepository(second).find('1');
    await second.onApplicationShutdown();

    expect(bot?.name).toBe('Renamed');
  });

  it('holds nothing half after a first start that failed on its way', async () => {
    const database = await openEmbedded(folder);
    await expect(prepareDatabase(database.db, Number.NaN)).rejects.toThrow();

    await prepareDatabase(database.db, 10);
    const number = await database.db.$count(messages);
    await database.onApplicationShutdown();

    expect(number).toBe(10);
  });

  it('is refused while another process uses it', async () => {
    const database = await openEmbedded(folder);

    await expect(openEmbedded(folder)).rejects.toThrow(/Expected `DATA_DIR` .* process \d+ has .* open/);
    await database.onApplicationShutdown();

    expect(readdirSync(folder)).toEqual(['postgres']);
  });

  it('that holds no database is refused with a way out, and given back', async () => {
    mkdirSync(join(folder, 'postgres'));
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), 'nonsense');

    await expect(openEmbedded(folder)).rejects.toThrow(
      /Could not open the embedded database .* Remove that folder/,
    );
    expect(readdirSync(folder)).toEqual(['postgres']);
  });

  it('is taken over from a process that died', async () => {
    writeFileSync(join(folder, 'lock'), '999999999 1');

    const database = await openEmbedded(folder);
    const holder = readFileSync(join(folder, 'lock'), 'utf8');
    await database.onApplicationShutdown();

    expect(holder).toMatch(new RegExp(`^${process.pid}\\b`));
  });
});
