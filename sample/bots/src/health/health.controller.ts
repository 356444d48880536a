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

  /** For people and dashboards: 503 while Redis or the database is down. Each is asked with a deadline of its own. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.cache.redis(), () => this.database.ping('database')]);
  }

  /** Whether the process runs. It is not to be restarted for what a restart does not mend. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Whether to send requests here. Without Redis it serves, only slower: `cache` then says what is degraded. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.cache.cache(), () => this.database.ping('database')]);
  }
}
