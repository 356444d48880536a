import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheTracingOptions } from './cache-tracing.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: TRACING_OPTIONS } =
  new ConfigurableModuleBuilder<CacheTracingOptions>({ moduleName: 'CacheTracing' })
    .setClassMethodName('forRoot')
    .build();
