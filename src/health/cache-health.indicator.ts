import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { CacheService } from '../cache.service.js';
import { CACHE_SERVICE } from '../tokens.js';

export interface RedisHealthOptions {
  /** Longest wait for Redis, milliseconds. @default 200 */
  readonly timeout?: number;
}

/** Health checks of the cache for `@nestjs/terminus`. List it among the providers of your health module. */
@Injectable()
export class CacheHealthIndicator {
  constructor(
    @Inject(CACHE_SERVICE) private readonly cache: Pick<CacheService, 'ping'>,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * Down, with the reason, when Redis is configured and does not answer in time; else up, with the latency.
   * Without Redis it is up and says so. It never throws, and never takes longer than the timeout.
   *
   * @param key name of the check in Terminus' report
   */
  async redis<Key extends string = 'redis'>(
    key: Key = 'redis' as Key,
    options: RedisHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = this.indicators.check(key);
    try {
      const answer = await this.cache.ping(options.timeout);
      if (answer === undefined) return check.up({ mode: 'memory' });
      return check.up({ mode: 'redis', latencyMs: Math.round(answer.latencyMs * 100) / 100 });
    } catch (error) {
      return check.down({ mode: 'redis', reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
