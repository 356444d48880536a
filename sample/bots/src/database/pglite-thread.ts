import { Worker } from 'node:worker_threads';

import { type PGlite, type QueryOptions, type Results, type Transaction, types } from '@electric-sql/pglite';

import type { DatabaseDriver } from './database-connection.js';
import { Turns } from './turns.js';

/** What the thread is asked for. */
export interface Question {
  readonly id: number;
  /** Undefined: to close the database. */
  readonly statement?: Statement;
}

export interface Statement {
  readonly sql: string;
  readonly params?: unknown[];
  readonly rowMode?: 'array' | 'object';
  /** Types whose values come back as PostgreSQL's text. */
  readonly textTypes: readonly number[];
}

interface Answer {
  readonly id: number;
  readonly results?: Results<never>;
  readonly error?: string;
}

interface Asker {
  readonly resolve: (results: Results<never> | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** What Drizzle calls of a PGlite, and of its transactions. */
export type PGliteClient = Pick<PGlite, 'query' | 'transaction'>;
type TransactionClient = Pick<Transaction, 'query'>;

/**
 * PGlite on a thread of its own. It computes where it is called, and on this thread it would hold up every timer,
 * request and answer of Redis for as long as a query takes. (PGlite's own worker is for browsers.)
 */
export class PGliteThread implements PGliteClient, DatabaseDriver {
  private readonly askers = new Map<number, Asker>();
  /** There is one connection, so a transaction has it for itself. */
  private readonly turns = new Turns();
  private lastId = 0;
  private ended: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on('message', ({ id, results, error }: Answer) => {
      const asker = this.askers.get(id);
      this.askers.delete(id);
      if (error === undefined) asker?.resolve(results);
      else asker?.reject(new Error(error));
    });
    worker.on('error', ({ message }) => this.end(message));
    worker.on('exit', () => this.end('The thread of the embedded database has ended'));
  }

  /** @param dataDir folder of the database, made if need be; `memory://` for none */
  static async open(dataDir: string): Promise<PGliteThread> {
    const url = new URL('./pglite.worker.mjs', import.meta.url);
    const thread = new PGliteThread(new Worker(url, { workerData: { dataDir } }));
    try {
      await thread.ping();
      return thread;
    } catch (error) {
      await thread.worker.terminate();
      throw error;
    }
  }

  query<T>(sql: string, params?: unknown[], options?: QueryOptions): Promise<Results<T>> {
    return this.turns.take(() => this.run(sql, params, options));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client: TransactionClient = {
      query: (sql, params, options) => this.run(sql, params, options),
    };
    return this.turns.take(async () => {
      await this.run('BEGIN');
      try {
        const result = await work(client as Transaction);
        await this.run('COMMIT');
        return result;
      } catch (error) {
        await this.run('ROLLBACK');
        throw error;
      }
    });
  }

  /** Waits for the query or transaction that runs, not for those that wait: many of them are no illness. */
  async ping(): Promise<void> {
    await this.turns.take(() => this.run('SELECT 1'), { urgent: true });
  }

  /** Lets the query or transaction that runs end, and refuses those that wait. */
  async close(): Promise<void> {
    try {
      if (this.ended === undefined) await this.turns.take(() => this.ask({}), { urgent: true });
    } finally {
      this.end('The embedded database is closed');
      await this.worker.terminate();
    }
  }

  private async run<T>(sql: string, params?: unknown[], options: QueryOptions = {}): Promise<Results<T>> {
    const { rowMode, parsers = {} } = options;
    // Drizzle's own parsers, which cannot be sent to a thread, leave the text as it is; JSON it takes either way.
    const textTypes = [...Object.keys(parsers).map(Number), types.JSON, types.JSONB];
    const statement: Statement = { sql, textTypes, ...(params && { params }), ...(rowMode && { rowMode }) };
    return (await this.ask({ statement })) as Results<T>;
  }

  private ask(question: Omit<Question, 'id'>): Promise<Results<never> | undefined> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) throw this.ended;
      const id = ++this.lastId;
      this.worker.postMessage({ id, ...question }, []);
      this.askers.set(id, { resolve, reject });
    });
  }

  private end(reason: string): void {
    this.ended ??= new Error(reason);
    for (const { reject } of this.askers.values()) reject(this.ended);
    this.askers.clear();
  }
}
