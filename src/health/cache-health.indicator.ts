import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CacheService } from '../cache.service.js';
import { CACHE_SERVICE } from '../tokens.js';
import { degradationsOf } from './degradations.js';

export interface RedisHealthOptions {
  /** Longest wait for Redis, milliseconds, a number > 0. Anything else is down, with that reason. @default 200 */
  readonly timeout?: number;
}

/** What {@link CacheHealthIndicator} asks. */
type Asked = Pick<CacheService, 'checkRedis' | 'status' | 'stats'>;

/** Health checks of the cache for `@nestjs/terminus`. List it among the providers of your health module. */
@Injectable()
export class CacheHealthIndicator {
  constructor(
    @Inject(CACHE_SERVICE) private readonly caches: Asked,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * Whether Redis answers, and can be written to and read: down, with the reason, when it is configured and can't in
   * time. Without Redis it is up and says so. It never throws, and never takes longer than the timeout.
   *
   * @param key name of the check in Terminus' report
   */
  async redis<Key extends string = 'redis'>(
    key: Key = 'redis' as Key,
    options: RedisHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = this.indicators.check(key);
    try {
      const report = await this.caches.checkRedis(options.timeout);
      if (report === undefined) return check.up({ mode: 'memory' });
      const { latencyMs, ...more } = report;
      const details = { mode: 'redis', latencyMs: Math.round(latencyMs * 100) / 100, ...more };
      if (report.role !== 'replica') return check.up(details);
      return check.down({ ...details, reason: 'a replica is connected, which takes no writes' });
    } catch (error) {
      return check.down({ mode: 'redis', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /**
   * How well the caches work: always up, since the application serves without them; with what is not as it should be
   * under `degraded`. Asks nobody.
   *
   * @param key name of the check in Terminus' report
   */
  cache<Key extends string = 'cache'>(key: Key = 'cache' as Key): HealthIndicatorResult<Key> {
    const status = this.caches.status();
    const { caches, l1 } = this.caches.stats();
    const reads = { served: 0, all: 0 };
    for (const { hits, stale, misses } of Object.values(caches)) {
      reads.served += hits + stale;
      reads.all += hits + stale + misses;
    }
    return this.indicators.check(key).up({
      mode: status === undefined ? 'memory' : 'redis',
      degraded: degradationsOf(status, caches),
      hitRatio: reads.all === 0 ? 0 : Math.round((reads.served / reads.all) * 1000) / 1000,
      l1,
    });
  }
}
