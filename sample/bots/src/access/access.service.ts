import { Injectable, NotFoundException } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { Cacheable } from 'nestjs-roost';

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

  /**
   * Errors are not cached, so a bot that is created a moment after somebody asked for its number is seen at once.
   *
   * @throws NotFoundException when there is no such bot
   */
  @Cacheable(botOwner)
  async getBotOwner(botId: string): Promise<string> {
    const [bot] = await this.database.db.select({ orgId: bots.orgId }).from(bots).where(eq(bots.id, botId));
    if (bot === undefined) throw new NotFoundException(`There is no bot ${botId} in your organization`);
    return bot.orgId;
  }
}
