export { CacheWarmup, type WarmupDecorator } from './cache-warmup.decorator.js';
export { CacheWarmupModule } from './cache-warmup.module.js';
export type {
  CacheWarmupModuleOptions,
  EventWarmupOptions,
  ScheduledWarmupOptions,
  WarmupMode,
  WarmupOptions,
  WarmupPriority,
} from './cache-warmup.options.js';
export { warm, type Warmup, type WarmupItems, type WarmupRun } from './warm.js';
export type { WarmupProgress } from './warmup.progress.js';
export type { WarmupResult, WarmupStatus } from './warmup.registry.js';
export { WarmupService } from './warmup.service.js';
export type { CacheWarmupEvent } from '../engine/events.js';
