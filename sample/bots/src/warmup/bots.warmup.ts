import { Injectable } from '@nestjs/common';
import type { CacheEventMap } from 'nestjs-roost';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';

import { BotsService } from '../bots/bots.service.js';
import { ListBotsQuery } from '../bots/dto/list-bots.query.js';
import { WarmupRepository } from './warmup.repository.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'bot.changed': { readonly botId: string; readonly isActive: boolean };
  }
}

/** In place of a user's id. What is cached is the same for all members of an organization. */
const NOBODY = 'warmup';

/**
 * What is warm before somebody asks. With `mode: 'fill'` what users have made load a moment ago is left alone. An entry
 * that is left has more than `minRemaining` of its lifetime (half, if nothing is said), which is longer than the time
 * to the next run: so none ends in between.
 */
@Injectable()
export class BotsWarmup {
  constructor(
    private readonly bots: BotsService,
    private readonly repository: WarmupRepository,
  ) {}

  /** Of 300 seconds. Two at a time: requests are not to queue behind them at the database. */
  @CacheWarmup({ name: 'bot-details', every: '2m', priority: 'high', mode: 'fill', concurrency: 2 })
  botDetails(): Warmup {
    return warm(this.repository.findActiveBotIds(), (botId) => this.bots.getBotDetails(NOBODY, botId));
  }

  /** Of 60 seconds. */
  @CacheWarmup({ name: 'bot-statistics', every: '30s', mode: 'fill', minRemaining: 0.6, concurrency: 2 })
  botStatistics(): Warmup {
    return warm(this.repository.findActiveBotIds(), (botId) => this.bots.calculateBotStatistics(botId));
  }

  /** Of 180 seconds, as somebody gets it who asks for no page; and the summary, of 600. */
  @CacheWarmup({ name: 'first-pages', every: '1m', priority: 'low', mode: 'fill' })
  firstPages(): Warmup {
    const { page, limit, search } = new ListBotsQuery();
    return warm(this.repository.findOrganizationIds(), async (orgId) => {
      await this.bots.getBots(NOBODY, { orgId, page, limit, search });
      await this.bots.getOrganizationBots(NOBODY, orgId);
    });
  }

  /** Who changes a bot looks at it next, unless it has been stopped. */
  @CacheWarmup({ name: 'changed-bot', on: 'bot.changed' })
  changedBot({ botId, isActive }: CacheEventMap['bot.changed']): Warmup {
    return warm(isActive ? [botId] : [], (id) => this.bots.getBotDetails(NOBODY, id));
  }
}
