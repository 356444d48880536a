import type { CacheRuntime } from '../cache.runtime.js';
import type { ResolvedWarmupModule } from './cache-warmup.options.resolved.js';
import type { Timing } from './timing.js';
import type { WarmupRegistry } from './warmup.registry.js';
import type { WarmupScheduler } from './warmup.scheduler.js';

/** What of the cache module is used. */
export type WarmupHost = Pick<CacheRuntime, 'engine' | 'clock' | 'jobs' | 'followers' | 'report' | 'events'>;

export interface OrchestratorParts {
  readonly host: WarmupHost;
  readonly module: ResolvedWarmupModule;
  readonly registry: WarmupRegistry;
  readonly timing: Timing;
  /** None where nothing runs at a time. */
  readonly scheduler: () => WarmupScheduler | undefined;
}
