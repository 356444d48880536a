import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';

import { DatabaseConnection } from '../database/database-connection.js';

/** Milliseconds. A health check that waits longer than that for the database is answered without it. */
const DEADLINE_MS = 200;

@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    private readonly database: DatabaseConnection,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async ping(key: string): Promise<HealthIndicatorResult> {
    return this.indicators
      .check(key)
      .attempt(() => this.database.ping())
      .withTimeout(DEADLINE_MS);
  }
}
