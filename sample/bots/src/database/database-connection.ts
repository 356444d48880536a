import type { OnApplicationShutdown } from '@nestjs/common';
import { sql } from 'drizzle-orm';

import type { Db } from './database.js';
import { reasonOf } from './reason.js';

/** The open database. Nest closes it last, when the HTTP server has answered its last request. */
export class DatabaseConnection implements OnApplicationShutdown {
  constructor(
    readonly db: Db,
    /** For the start-up log. Holds no password. */
    readonly description: string,
    private readonly closeDriver: () => Promise<void>,
  ) {}

  /** Rejects with the reason when the database cannot answer a trivial query. */
  async ping(): Promise<void> {
    try {
      await this.db.execute(sql`SELECT 1`);
    } catch (error) {
      throw new Error(reasonOf(error), { cause: error });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.closeDriver();
  }
}
