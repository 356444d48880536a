import { Body, Controller, Delete, Get, HttpCode, Patch, Post, UseGuards } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { CacheEventMap } from 'nestjs-roost';

import { ActingUser, OwnBot, OwnBots } from '../access/access.decorators.js';
import { ActingUserGuard } from '../access/acting-user.guard.js';
import type { Bot, Message, User } from '../database/schema.js';
import { ReportsCache } from '../http/reports-cache.decorator.js';
import { botDetails, botEntity, botStats } from './bots.caches.js';
import { BotsService } from './bots.service.js';
import type { BotDetails, BotStatistics } from './bots.types.js';
import { AddMessageDto } from './dto/add-message.dto.js';
import { CreateBotDto } from './dto/create-bot.dto.js';
import { UpdateBotDto } from './dto/update-bot.dto.js';
import { MessagesService } from './messages.service.js';

@Controller('bots')
@UseGuards(ActingUserGuard)
export class BotsController {
  constructor(
    private readonly bots: BotsService,
    private readonly messages: MessagesService,
    private readonly events: EventEmitter2,
  ) {}

  @Get('stats')
  @ReportsCache(botStats)
  getManyStatistics(@OwnBots() botIds: string[]): Promise<BotStatistics[]> {
    return this.bots.calculateManyStatistics(botIds);
  }

  @Get(':id')
  @ReportsCache(botEntity)
  getBot(@ActingUser() user: User, @OwnBot() botId: string): Promise<Bot> {
    return this.bots.getBot(user.id, botId);
  }

  @Get(':id/details')
  @ReportsCache(botDetails)
  getBotDetails(@ActingUser() user: User, @OwnBot() botId: string): Promise<BotDetails> {
    return this.bots.getBotDetails(user.id, botId);
  }

  @Get(':id/stats')
  @ReportsCache(botStats)
  getBotStatistics(@OwnBot() botId: string): Promise<BotStatistics> {
    return this.bots.calculateBotStatistics(botId);
  }

  @Post()
  createBot(@ActingUser() user: User, @Body() bot: CreateBotDto): Promise<Bot> {
    return this.bots.createBot(user, bot);
  }

  @Patch(':id')
  async updateBot(
    @ActingUser() user: User,
    @OwnBot() botId: string,
    @Body() changes: UpdateBotDto,
  ): Promise<Bot> {
    return this.tellOf(await this.bots.updateBot(user.id, botId, changes));
  }

  @Post(':id/start')
  @HttpCode(200)
  async startBot(@ActingUser() user: User, @OwnBot() botId: string): Promise<Bot> {
    return this.tellOf(await this.bots.startBot(user.id, botId));
  }

  @Post(':id/stop')
  @HttpCode(200)
  async stopBot(@ActingUser() user: User, @OwnBot() botId: string): Promise<Bot> {
    return this.tellOf(await this.bots.stopBot(user.id, botId));
  }

  @Post(':id/messages')
  addMessage(@OwnBot() botId: string, @Body() message: AddMessageDto): Promise<Message> {
    return this.messages.addMessage(botId, message);
  }

  @Delete(':id')
  @HttpCode(204)
  async deleteBot(@ActingUser() user: User, @OwnBot() botId: string): Promise<void> {
    await this.bots.deleteBot(user.id, botId);
  }

  /** After the method, whose evictions are through then: what follows the event sees the bot as it is now. */
  private tellOf(bot: Bot): Bot {
    const changed: CacheEventMap['bot.changed'] = { botId: bot.id, isActive: bot.status === 'active' };
    this.events.emit('bot.changed', changed);
    return bot;
  }
}
