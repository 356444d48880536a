import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheMetricsOptions } from './cache-metrics.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: METRICS_OPTIONS } =
  new ConfigurableModuleBuilder<CacheMetricsOptions>({ moduleName: 'CacheMetrics' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();
