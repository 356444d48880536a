import { Logger } from '@nestjs/common';
import { sql } from 'drizzle-orm';

import type { Db, Transaction } from './database.js';
import { ORGANIZATIONS, BOTS_PER_ORGANIZATION } from './seed-data.js';
import { seedMessages, seedOrganizations } from './seed.js';
import { CREATE_TABLES, FINISH_TABLES } from './tables.sql.js';

const logger = new Logger('Database');

/** Any number that no other application on the same PostgreSQL server is likely to lock. */
const SEED_LOCK = 6_020_245;

/**
 * Creates and fills the tables unless they are there. All of it happens in one transaction, so a start that is
 * killed half way leaves nothing behind; two first starts on one server wait for each other at the lock.
 *
 * @returns whether the tables are new
 */
export async function prepareDatabase(db: Db, messageCount: number): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${SEED_LOCK}::int)`);
    if (await isPrepared(tx)) return false;

    const bots = ORGANIZATIONS.length * BOTS_PER_ORGANIZATION;
    logger.log(
      `First start: seeding ${ORGANIZATIONS.length} organizations, ${bots} bots and ` +
        `${messageCount.toLocaleString('en')} messages, a few seconds …`,
    );
    const start = performance.now();
    await run(tx, CREATE_TABLES);
    await seedOrganizations(tx);
    await seedMessages(tx, messageCount);
    await run(tx, FINISH_TABLES);
    logger.log(`Seeded in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    return true;
  });
}

async function isPrepared(tx: Transaction): Promise<boolean> {
  const [row] = await tx
    .select({ prepared: sql<boolean>`to_regclass('bots_sample.messages') IS NOT NULL` })
    .from(sql`(SELECT 1) AS one`);
  return row?.prepared ?? false;
}

async function run(tx: Transaction, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.execute(sql.raw(statement));
}
