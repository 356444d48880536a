import { Injectable } from '@nestjs/common';
import { eq, inArray } from 'drizzle-orm';
import { Cacheable, CacheableMany } from 'nestjs-roost';

import { DatabaseConnection } from '../database/database-connection.js';
import { bots, users, type User } from '../database/schema.js';
import { actingUser, botOwner } from './access.caches.js';

/** Who acts, and on whose bots. Asked before every request, hence cached apart from what the request reads. */
@Injectable()
export class AccessService {
  constructor(private readonly database: DatabaseConnection) {}

  @Cacheable(actingUser)
  async findUser(userId: string): Promise<User | null> {
    const [user] = await this.database.db.select().from(users).where(eq(users.id, userId));
    return user ?? null;
  }

  /** The bot's organization; null when there is no such bot. */
  @Cacheable(botOwner, undefined, { unless: isNobody })
  async findBotOwner(botId: string): Promise<string | null> {
    const [bot] = await this.database.db.select({ orgId: bots.orgId }).from(bots).where(eq(bots.id, botId));
    return bot?.orgId ?? null;
  }

  /** The same of many bots, in their order. Asks the database for those that are not cached, with one query. */
  @CacheableMany(botOwner, undefined, { unless: isNobody })
  async findBotOwners(botIds: readonly string[]): Promise<(string | null)[]> {
    const rows = await this.database.db
      .select({ id: bots.id, orgId: bots.orgId })
      .from(bots)
      .where(inArray(bots.id, [...botIds]));
    const owners = new Map(rows.map(({ id, orgId }) => [id, orgId]));
    return botIds.map((botId) => owners.get(botId) ?? null);
  }
}

/** Not to be remembered: a bot that is created a moment after somebody asked for its number is seen at once. */
function isNobody(orgId: string | null): boolean {
  return orgId === null;
}
