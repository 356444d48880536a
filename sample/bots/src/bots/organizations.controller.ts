import { Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';

import { ActingUser, OwnOrganization } from '../access/access.decorators.js';
import { ActingUserGuard } from '../access/acting-user.guard.js';
import type { Bot, User } from '../database/schema.js';
import { ReportsCache } from '../http/reports-cache.decorator.js';
import { botList, orgBots } from './bots.caches.js';
import { BotsService } from './bots.service.js';
import type { BotPage, OrganizationBots } from './bots.types.js';
import { ListBotsQuery } from './dto/list-bots.query.js';

@Controller('orgs/:orgId')
@UseGuards(ActingUserGuard)
export class OrganizationsController {
  constructor(private readonly bots: BotsService) {}

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
}
