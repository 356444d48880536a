export { CacheTracingModule } from './cache-tracing.module.js';
export type { CacheTracingOptions } from './cache-tracing.options.js';
