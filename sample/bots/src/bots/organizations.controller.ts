import { Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';

import { ActingUser, OwnOrganization } from '../access/access.decorators.js';
import { ActingUserGuard } from '../access/acting-user.guard.js';
import type { Bot, User } from '../database/schema.js';
import { ReportsCache } from '../http/reports-cache.decorator.js';
import { botList, orgBots } from './bots.caches.js';
import { BotsService } from './bots.service.js';
import type { BotPage, BusyBot, DailyMessages, OrganizationBots } from './bots.types.js';
import { ListBotsQuery } from './dto/list-bots.query.js';
import { ReportQuery } from './dto/report.query.js';
import { ReportsService } from './reports.service.js';

@Controller('orgs/:orgId')
@UseGuards(ActingUserGuard)
export class OrganizationsController {
  constructor(
    private readonly bots: BotsService,
    private readonly reports: ReportsService,
  ) {}

  @Get('bots')
  @ReportsCache(botList)
  getBots(
    @ActingUser() user: User,
    @OwnOrganization() orgId: string,
    @Query() { page, limit, search }: ListBotsQuery,
  ): Promise<BotPage> {
    return this.bots.getBots(user.id, { orgId, page, limit, search });
  }

  @Post('bots/stop')
  @HttpCode(200)
  stopAllBots(@ActingUser() user: User, @OwnOrganization() orgId: string): Promise<Bot[]> {
    return this.bots.stopAllBots(user.id, orgId);
  }

  @Get('summary')
  @ReportsCache(orgBots)
  getSummary(@ActingUser() user: User, @OwnOrganization() orgId: string): Promise<OrganizationBots> {
    return this.bots.getOrganizationBots(user.id, orgId);
  }

  @Get('reports/busiest-bots')
  @ReportsCache({ name: 'reports.busiestBots' })
  getBusiestBots(@OwnOrganization() orgId: string, @Query() { days }: ReportQuery): Promise<BusyBot[]> {
    return this.reports.busiestBots(orgId, days);
  }

  @Get('reports/messages')
  @ReportsCache({ name: 'reports.messagesPerDay' })
  getMessagesPerDay(
    @OwnOrganization() orgId: string,
    @Query() { days }: ReportQuery,
  ): Promise<DailyMessages[]> {
    return this.reports.messagesPerDay(orgId, days);
  }
}
