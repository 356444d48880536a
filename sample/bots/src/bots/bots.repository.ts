import { Injectable } from '@nestjs/common';
import { and, asc, eq, ilike, sql } from 'drizzle-orm';

import { DatabaseConnection } from '../database/database-connection.js';
import { bots, messages, type Bot, type BotStatus, type Message } from '../database/schema.js';
import { DEFAULT_BOT_SETTINGS } from './bot-settings.js';
import type {
  BotChanges,
  BotPage,
  BotPageQuery,
  NewBot,
  NewMessage,
  OrganizationBots,
} from './bots.types.js';

/** Bots and their messages in PostgreSQL. Knows no cache. */
@Injectable()
export class BotsRepository {
  constructor(private readonly database: DatabaseConnection) {}

  async findPage({ orgId, page, limit, search }: BotPageQuery): Promise<BotPage> {
    const matches = and(
      eq(bots.orgId, orgId),
      search === '' ? undefined : ilike(bots.name, `%${escapeLike(search)}%`),
    );
    const [items, total] = await Promise.all([
      this.db
        .select()
        .from(bots)
        .where(matches)
        .orderBy(asc(bots.id))
        .limit(limit)
        .offset((page - 1) * limit),
      this.db.$count(bots, matches),
    ]);
    return { items, page, limit, total };
  }

  async find(botId: string): Promise<Bot | undefined> {
    const [bot] = await this.db.select().from(bots).where(eq(bots.id, botId));
    return bot;
  }

  async findByOrganization(orgId: string): Promise<OrganizationBots> {
    const rows = await this.db
      .select({ id: bots.id, name: bots.name, status: bots.status })
      .from(bots)
      .where(eq(bots.orgId, orgId))
      .orderBy(asc(bots.id));
    const byStatus: Record<BotStatus, number> = { active: 0, inactive: 0 };
    for (const { status } of rows) byStatus[status] += 1;
    return { orgId, total: rows.length, byStatus, bots: rows };
  }

  /** Ids of an organization's active bots, which nobody else can change until the transaction ends. */
  async lockActive(orgId: string): Promise<string[]> {
    const rows = await this.db
      .select({ id: bots.id })
      .from(bots)
      .where(and(eq(bots.orgId, orgId), eq(bots.status, 'active')))
      .orderBy(asc(bots.id))
      .for('update');
    return rows.map(({ id }) => id);
  }

  /** The new bot belongs to the user's organization, and waits to be started. */
  async create(userId: string, orgId: string, bot: NewBot): Promise<Bot> {
    const [created] = await this.db
      .insert(bots)
      .values({ ...bot, settings: bot.settings ?? DEFAULT_BOT_SETTINGS, orgId, updatedBy: userId })
      .returning();
    if (created === undefined) throw new Error('PostgreSQL returned no row for an INSERT');
    return created;
  }

  /** @returns undefined when the bot was deleted meanwhile */
  async update(
    userId: string,
    botId: string,
    changes: BotChanges & { readonly status?: BotStatus },
  ): Promise<Bot | undefined> {
    const [updated] = await this.db
      .update(bots)
      .set({ ...changes, updatedBy: userId, updatedAt: sql`now()` })
      .where(eq(bots.id, botId))
      .returning();
    return updated;
  }

  /** @returns undefined when the bot was deleted meanwhile */
  async delete(botId: string): Promise<Bot | undefined> {
    const [deleted] = await this.db.delete(bots).where(eq(bots.id, botId)).returning();
    return deleted;
  }

  /** @returns undefined when the bot was deleted meanwhile */
  async addMessage(botId: string, message: NewMessage): Promise<Message | undefined> {
    return this.db.transaction(async (tx) => {
      const [bot] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, botId)).for('key share');
      if (bot === undefined) return undefined;
      const [added] = await tx
        .insert(messages)
        .values({ ...message, botId })
        .returning();
      return added;
    });
  }

  private get db() {
    return this.database.db;
  }
}

/** Makes the wildcards of LIKE stand for themselves. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
