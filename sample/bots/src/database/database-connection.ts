import { AsyncLocalStorage } from 'node:async_hooks';

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
  private readonly transactions = new AsyncLocalStorage<Db>();

  constructor(
    private readonly queries: Db,
    /** For the start-up log. Holds no password. */
    readonly description: string,
    private readonly driver: DatabaseDriver,
  ) {}

  /** For queries: those of the transaction in which the caller runs, if there is one. */
  get db(): Db {
    return this.transactions.getStore() ?? this.queries;
  }

  /**
   * Runs `work` in a transaction. All that it asks for, through whatever repository and however deep, goes there: the
   * transaction is found by its asynchronous context. One inside another is a savepoint of it.
   */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.db.transaction((tx) => this.transactions.run(tx, work));
  }

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
