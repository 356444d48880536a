import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './cache-tracing.builder.js';
import { CacheTracing } from './cache-tracing.js';

/**
 * Spans of OpenTelemetry for loads and for operations on Redis. Import it beside `CacheModule`:
 * `CacheTracingModule.forRoot({})`, or `forRootAsync`.
 */
@Module({ providers: [CacheTracing] })
export class CacheTracingModule extends ConfigurableModuleClass {}
