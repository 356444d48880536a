import { Injectable } from '@nestjs/common';
import { and, asc, eq, exists, sql } from 'drizzle-orm';

import { DatabaseConnection } from '../database/database-connection.js';
import { bots, messages, organizations } from '../database/schema.js';

/** What is worth being warm. */
@Injectable()
export class WarmupRepository {
  constructor(private readonly database: DatabaseConnection) {}

  async findOrganizationIds(): Promise<string[]> {
    const rows = await this.database.db
      .select({ id: organizations.id })
      .from(organizations)
      .orderBy(asc(organizations.id));
    return rows.map(({ id }) => id);
  }

  /** Ids of the bots that are started, and had a message in the last 24 hours. */
  async findActiveBotIds(): Promise<string[]> {
    const { db } = this.database;
    const latest = db
      .select({ one: sql`1` })
      .from(messages)
      .where(and(eq(messages.botId, bots.id), sql`${messages.createdAt} > now() - interval '24 hours'`));
    const rows = await db
      .select({ id: bots.id })
      .from(bots)
      .where(and(eq(bots.status, 'active'), exists(latest)))
      .orderBy(asc(bots.id));
    return rows.map(({ id }) => id);
  }
}
