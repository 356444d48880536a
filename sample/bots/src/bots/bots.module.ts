import { Module } from '@nestjs/common';

import { AccessModule } from '../access/access.module.js';
import { BotsController } from './bots.controller.js';
import { BotsRepository } from './bots.repository.js';
import { BotsService } from './bots.service.js';
import { MessagesService } from './messages.service.js';
import { OrganizationsController } from './organizations.controller.js';
import { ReportsRepository } from './reports.repository.js';
import { ReportsService } from './reports.service.js';
import { StatisticsRepository } from './statistics.repository.js';

@Module({
  imports: [AccessModule],
  controllers: [BotsController, OrganizationsController],
  providers: [
    BotsService,
    BotsRepository,
    MessagesService,
    ReportsService,
    ReportsRepository,
    StatisticsRepository,
  ],
  exports: [BotsService],
})
export class BotsModule {}
