import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { CacheModule } from 'nestjs-roost';

import { BotsModule } from './bots/bots.module.js';
import { rules } from './bots/bots.rules.js';
import { settings, settingsFrom, type Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { ShutdownDeadline } from './http/shutdown-deadline.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { WarmupModule } from './warmup/warmup.module.js';

@Module({})
export class AppModule {
  /** @param env variables to read instead of the process's own and those of `.env` */
  static async register(env?: NodeJS.ProcessEnv): Promise<DynamicModule> {
    return {
      module: AppModule,
      imports: [
        await ConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: env !== undefined,
          load: [env === undefined ? settings : settingsFrom(env)],
        }),
        CacheModule.forRootAsync({
          inject: [settings.KEY],
          useFactory: ({ cache }: Settings) => ({ ...cache, rules }),
        }),
        EventEmitterModule.forRoot(),
        DatabaseModule,
        BotsModule,
        HealthModule,
        MetricsModule,
        WarmupModule,
      ],
      providers: [ShutdownDeadline],
    };
  }
}
