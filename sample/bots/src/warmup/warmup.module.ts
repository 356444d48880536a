import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { CacheWarmupModule } from 'nestjs-roost/warmup';

import { BotsModule } from '../bots/bots.module.js';
import { settings, type Settings } from '../config/settings.js';
import { BotsWarmup } from './bots.warmup.js';
import { WarmupRepository } from './warmup.repository.js';

@Module({
  imports: [
    ScheduleModule.forRoot(),
    CacheWarmupModule.forRootAsync({
      inject: [settings.KEY],
      useFactory: ({ warmup }: Settings) => ({ enabled: warmup }),
    }),
    BotsModule,
  ],
  providers: [BotsWarmup, WarmupRepository],
})
export class WarmupModule {}
