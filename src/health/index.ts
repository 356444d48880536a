export { CacheHealthIndicator, type RedisHealthOptions } from './cache-health.indicator.js';
