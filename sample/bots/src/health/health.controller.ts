import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { CacheHealthIndicator } from 'nestjs-roost/health';

import { DatabaseHealthIndicator } from './database.health.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly cache: CacheHealthIndicator,
    private readonly database: DatabaseHealthIndicator,
  ) {}

  /** 503 while one of them is down. Both are asked at once, each with a deadline of its own. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.cache.redis(), () => this.database.ping('database')]);
  }
}
