import { Module } from '@nestjs/common';

import { AccessModule } from '../access/access.module.js';
import { BotsController } from './bots.controller.js';
import { BotsRepository } from './bots.repository.js';
import { BotsService } from './bots.service.js';
import { OrganizationsController } from './organizations.controller.js';
import { StatisticsRepository } from './statistics.repository.js';

@Module({
  imports: [AccessModule],
  controllers: [BotsController, OrganizationsController],
  providers: [BotsService, BotsRepository, StatisticsRepository],
})
export class BotsModule {}
