import { Injectable } from '@nestjs/common';
import { and, asc, count, desc, eq, gte, sql } from 'drizzle-orm';

import { DatabaseConnection } from '../database/database-connection.js';
import { bots, messages } from '../database/schema.js';
import type { BusyBot, DailyMessages } from './bots.types.js';

const BUSIEST = 10;

/** Reads all messages of an organization's bots. */
@Injectable()
export class ReportsRepository {
  constructor(private readonly database: DatabaseConnection) {}

  /** The ten bots with most messages. */
  async findBusiestBots(orgId: string, days: number): Promise<BusyBot[]> {
    return this.database.db
      .select({ id: bots.id, name: bots.name, messages: count() })
      .from(messages)
      .innerJoin(bots, eq(bots.id, messages.botId))
      .where(and(eq(bots.orgId, orgId), gte(messages.createdAt, startOf(days))))
      .groupBy(bots.id)
      .orderBy(desc(count()), asc(bots.id))
      .limit(BUSIEST);
  }

  /** Newest first. A day without messages is left out. */
  async countPerDay(orgId: string, days: number): Promise<DailyMessages[]> {
    const day = sql<string>`to_char(${messages.createdAt} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`.as('day');
    return this.database.db
      .select({ day, messages: count() })
      .from(messages)
      .innerJoin(bots, eq(bots.id, messages.botId))
      .where(and(eq(bots.orgId, orgId), gte(messages.createdAt, startOf(days))))
      .groupBy(day)
      .orderBy(desc(day));
  }
}

/** When the first of the latest days (UTC) began, of which today is the last. */
function startOf(days: number) {
  return sql`date_trunc('day', now(), 'UTC') - make_interval(days => ${days - 1}::int)`;
}
