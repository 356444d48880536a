import { Injectable } from '@nestjs/common';
import { count, desc, eq, sql } from 'drizzle-orm';

import type { Transaction } from '../database/database.js';
import { DatabaseConnection } from '../database/database-connection.js';
import { messages } from '../database/schema.js';
import type { BotStatistics } from './bots.types.js';

const LATEST_DAYS = 30;

/** Computes a bot's statistics from all of its messages: the expensive read that this sample caches. */
@Injectable()
export class StatisticsRepository {
  constructor(private readonly database: DatabaseConnection) {}

  /** The queries see one snapshot, so that the numbers agree while messages come in. */
  async calculate(botId: string): Promise<BotStatistics> {
    return this.database.db.transaction(
      async (tx) => {
        const counts = await countByDirectionAndStatus(tx, botId);
        return {
          botId,
          messages: Object.values(counts)
            .flatMap((byStatus) => Object.values(byStatus))
            .reduce((sum, number) => sum + number, 0),
          counts,
          latency: await latencyPercentiles(tx, botId),
          perDay: await countPerDay(tx, botId),
          calculatedAt: new Date(),
        };
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
  }
}

async function countByDirectionAndStatus(tx: Transaction, botId: string): Promise<BotStatistics['counts']> {
  const rows = await tx
    .select({ direction: messages.direction, status: messages.status, number: count() })
    .from(messages)
    .where(eq(messages.botId, botId))
    .groupBy(messages.direction, messages.status);
  const counts = {
    inbound: { delivered: 0, failed: 0, pending: 0 },
    outbound: { delivered: 0, failed: 0, pending: 0 },
  };
  for (const { direction, status, number } of rows) counts[direction][status] = number;
  return counts;
}

async function latencyPercentiles(tx: Transaction, botId: string): Promise<BotStatistics['latency']> {
  const percentile = (fraction: number) =>
    sql<number | null>`percentile_cont(${fraction}::float8) WITHIN GROUP (ORDER BY ${messages.latencyMs})`;
  const [row] = await tx
    .select({ p50: percentile(0.5), p95: percentile(0.95) })
    .from(messages)
    .where(eq(messages.botId, botId));
  return row ?? { p50: null, p95: null };
}

async function countPerDay(tx: Transaction, botId: string): Promise<BotStatistics['perDay']> {
  const day = sql<string>`to_char(${messages.createdAt} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`.as('day');
  return tx
    .select({ day, messages: count() })
    .from(messages)
    .where(eq(messages.botId, botId))
    .groupBy(day)
    .orderBy(desc(day))
    .limit(LATEST_DAYS);
}
