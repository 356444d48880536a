import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './cache-alerts.builder.js';
import { CacheAlerts } from './cache-alerts.js';

/**
 * Alerts about the caches: rules with thresholds, evaluated on an interval. Import it beside `CacheModule`:
 * `CacheAlertsModule.forRoot({})`, or `forRootAsync`. It provides {@link CacheAlerts}.
 */
@Module({ providers: [CacheAlerts], exports: [CacheAlerts] })
export class CacheAlertsModule extends ConfigurableModuleClass {}
