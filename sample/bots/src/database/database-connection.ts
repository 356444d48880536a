import type { OnApplicationShutdown } from '@nestjs/common';

import type { Db } from './database.js';
import { reasonOf } from './reason.js';

/** What differs between the embedded database and a server, beside how queries get there. */
export interface DatabaseDriver {
  /** Resolves when the database has answered a trivial query. Does not wait for queries that wait for their turn. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/** The open database. Nest closes it last, when the HTTP server has answered its last request. */
export class DatabaseConnection implements OnApplicationShutdown {
  constructor(
    readonly db: Db,
    /** For the start-up log. Holds no password. */
    readonly description: string,
    private readonly driver: DatabaseDriver,
  ) {}

  /** Rejects with the reason when the database cannot answer a trivial query. */
  async ping(): Promise<void> {
    try {
      await this.driver.ping();
    } catch (error) {
      throw new Error(reasonOf(error), { cause: error });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.driver.close();
  }
}
