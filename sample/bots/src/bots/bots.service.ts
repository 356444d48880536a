import { Injectable, NotFoundException } from '@nestjs/common';
import { Cacheable, CacheEvict, pattern } from 'nestjs-roost';

import type { Bot, Message, User } from '../database/schema.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import {
  botDetails,
  botEntity,
  botList,
  botStats,
  botStatsTag,
  botTag,
  orgBots,
  orgBotsTag,
} from './bots.caches.js';
import { BotsRepository } from './bots.repository.js';
import type {
  BotChanges,
  BotDetails,
  BotPage,
  BotPageQuery,
  BotStatistics,
  NewBot,
  NewMessage,
  OrganizationBots,
} from './bots.types.js';
import { StatisticsRepository } from './statistics.repository.js';

/**
 * The bots of an organization. Whether the user may act on a bot has been asked before (`OwnBot`), so the user's
 * id is no part of any key: members of an organization share what is cached.
 *
 * No cached value is made from another one. It would be as old as both together.
 */
@Injectable()
export class BotsService {
  constructor(
    private readonly bots: BotsRepository,
    private readonly statistics: StatisticsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Cacheable(botList, (_userId: string, query: BotPageQuery) => [query])
  async getBots(_userId: string, query: BotPageQuery): Promise<BotPage> {
    return this.bots.findPage(query);
  }

  @Cacheable(orgBots, (_userId: string, orgId: string) => [orgId])
  async getOrganizationBots(_userId: string, orgId: string): Promise<OrganizationBots> {
    return this.bots.findByOrganization(orgId);
  }

  @Cacheable(botEntity, (_userId: string, botId: string) => [botId])
  async getBot(_userId: string, botId: string): Promise<Bot> {
    return found(botId, await this.bots.find(botId));
  }

  @Cacheable(botDetails, (_userId: string, botId: string) => [botId])
  async getBotDetails(_userId: string, botId: string): Promise<BotDetails> {
    const [bot, statistics] = await Promise.all([this.bots.find(botId), this.statistics.calculate(botId)]);
    return { ...found(botId, bot), statistics };
  }

  @Cacheable(botStats)
  async calculateBotStatistics(botId: string): Promise<BotStatistics> {
    return this.statistics.calculate(botId);
  }

  @CacheEvict({ tags: (bot: Bot) => [orgBotsTag(bot.orgId)] })
  async createBot(user: User, bot: NewBot): Promise<Bot> {
    return this.bots.create(user.id, user.orgId, bot);
  }

  @CacheEvict({ tags: (bot: Bot) => [botTag(bot.id), orgBotsTag(bot.orgId)] })
  async updateBot(userId: string, botId: string, changes: BotChanges): Promise<Bot> {
    return found(botId, await this.bots.update(userId, botId, changes));
  }

  @CacheEvict({ tags: (bot: Bot) => [botTag(bot.id), botStatsTag(bot.id), orgBotsTag(bot.orgId)] })
  async startBot(userId: string, botId: string): Promise<Bot> {
    return found(botId, await this.bots.update(userId, botId, { status: 'active' }));
  }

  @CacheEvict({ tags: (bot: Bot) => [botTag(bot.id), botStatsTag(bot.id), orgBotsTag(bot.orgId)] })
  async stopBot(userId: string, botId: string): Promise<Bot> {
    return found(botId, await this.bots.update(userId, botId, { status: 'inactive' }));
  }

  /**
   * Stops all of an organization's bots, or none. Each is stopped as by itself, with the evictions of that: they follow
   * the commit, each once.
   */
  async stopAllBots(userId: string, orgId: string): Promise<Bot[]> {
    return this.unitOfWork.run(async () => {
      const stopped: Bot[] = [];
      for (const botId of await this.bots.lockActive(orgId)) stopped.push(await this.stopBot(userId, botId));
      return stopped;
    });
  }

  /** The pattern takes whatever is cached about the bot: of bot 1 everything, of bot 10 nothing. */
  @CacheEvict({ pattern: (bot: Bot) => pattern`bot:${bot.id}*` })
  @CacheEvict({ tags: (bot: Bot) => [orgBotsTag(bot.orgId)] })
  async deleteBot(_userId: string, botId: string): Promise<Bot> {
    return found(botId, await this.bots.delete(botId));
  }

  @CacheEvict({ cache: botStats, select: (message: Message) => [message.botId] })
  async addMessage(_userId: string, botId: string, message: NewMessage): Promise<Message> {
    return found(botId, await this.bots.addMessage(botId, message));
  }
}

/** @throws NotFoundException when the bot is gone; errors are never cached */
function found<T>(botId: string, row: T | undefined): T {
  if (row === undefined) throw new NotFoundException(`There is no bot ${botId} in your organization`);
  return row;
}
