import { Module } from '@nestjs/common';
import { CacheAlertsModule } from 'nestjs-roost/alerts';
import { CacheMetricsModule } from 'nestjs-roost/metrics';

import { MetricsController } from './metrics.controller.js';

/** The metrics, and the alerts with their defaults: lines in the log, and the metric `alert_active`. */
@Module({
  imports: [CacheMetricsModule.forRoot({}), CacheAlertsModule.forRoot({})],
  controllers: [MetricsController],
})
export class MetricsModule {}
