export {
  Cache,
  type CacheOf,
  type CallOverrides,
  type Loaded,
  type Loader,
  type Lookup,
  type ManyOverrides,
} from './cache-handle.js';
// All of them: an interface that is exported by name can't be merged with what users declare.
export type * from './cache-events.js';
export { CacheModule } from './cache.module.js';
export type { RedisStatus } from './cache.redis.js';
export type { CacheOptionsFactory } from './cache.core.module.js';
export type {
  CacheDefaultsOptions,
  CacheManagerOptions,
  CacheModuleOptions,
  EncryptionOptions,
  L1Options,
  LeaseOptions,
} from './cache.options.js';
export { cacheOptionsFromEnv } from './cache.options.env.js';
export { CacheService } from './cache.service.js';
export type { CacheFigures, CacheStatistics, Statistics } from './cache.statistics.js';
export type { Codec, Kept } from './codec/codec.js';
export type { EncryptionKey } from './codec/key-ring.js';
export { CacheEvict, type CacheEvictOptions } from './decorators/cache-evict.decorator.js';
export { CachePut, type CachePutOptions } from './decorators/cache-put.decorator.js';
export { CacheDefaults } from './decorators/cache-defaults.decorator.js';
export { CacheableMany, type CacheableManyOptions } from './decorators/cacheable-many.decorator.js';
export { Cacheable } from './decorators/cacheable.decorator.js';
export type {
  CacheableConditions,
  CacheableMethodOptions,
  CacheableOptions,
  MethodLifetimes,
} from './decorators/cacheable-options.js';
export type { CacheClassDefaults } from './decorators/class-defaults.js';
export { getCacheToken, InjectCache } from './decorators/inject-cache.decorator.js';
export {
  defineCache,
  type CacheDefinition,
  type CachePolicy,
  type CacheSpec,
  type CacheTarget,
  type CompressPolicy,
  type L1Policy,
} from './definition/define-cache.js';
export { digest } from './definition/digest.js';
export type { Evictable } from './definition/target.js';
export type { Duration, Lifetime } from './definition/duration.js';
export { key, pattern, tag, type CacheKey, type CachePattern, type CacheTag } from './definition/template.js';
export { unordered } from './definition/unordered.js';
export type { Clock } from './engine/clock.js';
export type { Tally } from './engine/cache-counts.js';
export type {
  BreakerEvent,
  BusEvent,
  CacheEviction,
  CacheLoad,
  CacheProblem,
  CacheRead,
  CacheStored,
  CacheSwitched,
  CacheTelemetry,
  CodecEvent,
  ConnectionEvent,
  MeasuredRead,
  QueueEvent,
  RedisOperation,
  Tier,
} from './engine/events.js';
export type { EntryDetails, EntryReport } from './engine/inspect.js';
export type { EvictOptions } from './evict-options.js';
export { CacheError, CacheLoadTimeoutError, type CacheErrorCode } from './errors.js';
export type { RedisReport } from './stores/redis/redis-checkup.js';
export type {
  RedisClientsReport,
  RedisCommandReport,
  RedisKeysReport,
  RedisMemoryReport,
  RedisStatistics,
  RedisStatisticsOptions,
} from './stores/redis/redis-survey.js';
export type {
  RedisClientOptions,
  RedisClusterOptions,
  RedisCommonOptions,
  RedisConnectionOptions,
  RedisSentinelOptions,
  RedisServerOptions,
} from './stores/redis/redis-options.js';
