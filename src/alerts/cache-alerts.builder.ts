import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheAlertsOptions } from './cache-alerts.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: ALERTS_OPTIONS } =
  new ConfigurableModuleBuilder<CacheAlertsOptions>({ moduleName: 'CacheAlerts' })
    .setClassMethodName('forRoot')
    .build();
