import { Injectable } from '@nestjs/common';
import { Cacheable, CacheDefaults } from 'nestjs-roost';

import type { BusyBot, DailyMessages } from './bots.types.js';
import { ReportsRepository } from './reports.repository.js';

/**
 * Numbers about a whole organization. Nothing evicts them: they may be a minute old, and while the database is away
 * an hour. So their caches need no definition that others could name, and are keyed by all arguments.
 */
@Injectable()
@CacheDefaults({ prefix: 'reports', ttl: '1m', staleIfError: '1h' })
export class ReportsService {
  constructor(private readonly reports: ReportsRepository) {}

  @Cacheable()
  async busiestBots(orgId: string, days: number): Promise<BusyBot[]> {
    return this.reports.findBusiestBots(orgId, days);
  }

  /** Today's number grows all the time. */
  @Cacheable({ ttl: '10s' })
  async messagesPerDay(orgId: string, days: number): Promise<DailyMessages[]> {
    return this.reports.countPerDay(orgId, days);
  }
}
