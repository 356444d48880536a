import { Injectable } from '@nestjs/common';
import { Cacheable, CacheableMany, CacheEvict, CachePut, pattern } from 'nestjs-roost';

import type { Bot, User } from '../database/schema.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import {
  botDetails,
  botEntity,
  botList,
  botStats,
  botTag,
  orgBots,
  orgBotsTag,
  statusTags,
} from './bots.caches.js';
import { BotsRepository } from './bots.repository.js';
import type {
  BotChanges,
  BotDetails,
  BotPage,
  BotPageQuery,
  BotStatistics,
  NewBot,
  OrganizationBots,
} from './bots.types.js';
import { found } from './found.js';
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

  /** Reads the entries of `calculateBotStatistics` in one round trip, and calculates those that are missing. */
  @CacheableMany(botStats)
  async calculateManyStatistics(botIds: readonly string[]): Promise<BotStatistics[]> {
    return Promise.all(botIds.map((botId) => this.statistics.calculate(botId)));
  }

  /** Who creates a bot looks at it next. Nobody else knows of it yet, so no later write is covered by what is put. */
  @CachePut({ cache: botEntity, select: (bot: Bot) => [bot.id] })
  @CacheEvict({ tags: (bot: Bot) => [orgBotsTag(bot.orgId)] })
  async createBot(user: User, bot: NewBot): Promise<Bot> {
    return this.bots.create(user.id, user.orgId, bot);
  }

  @CacheEvict({ tags: (bot: Bot) => [botTag(bot.id), orgBotsTag(bot.orgId)] })
  async updateBot(userId: string, botId: string, changes: BotChanges): Promise<Bot> {
    return found(botId, await this.bots.update(userId, botId, changes));
  }

  @CacheEvict({ tags: statusTags })
  async startBot(userId: string, botId: string): Promise<Bot> {
    return found(botId, await this.bots.update(userId, botId, { status: 'active' }));
  }

  @CacheEvict({ tags: statusTags })
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
}
