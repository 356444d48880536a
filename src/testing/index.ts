export type { CacheEvent } from './cache-record.js';
export { CacheTester, type CacheTestingOptions } from './cache-tester.js';
export { CacheTestingModule } from './cache-testing.module.js';
export { FakeClock } from './fake-clock.js';
