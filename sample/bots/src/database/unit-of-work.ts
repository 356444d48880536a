import { Injectable } from '@nestjs/common';
import { CacheService } from 'nestjs-roost';

import { DatabaseConnection } from './database-connection.js';

/** Work that is done as a whole or not at all, in the database as in the caches. */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly caches: CacheService,
    private readonly database: DatabaseConnection,
  ) {}

  /**
   * Runs `work` in one transaction of the database. The caches are around it, so the commit is part of what they wait
   * for: what is evicted and put inside takes effect once it has succeeded, and never if it has not.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.caches.transaction(() => this.database.transaction(work));
  }
}
