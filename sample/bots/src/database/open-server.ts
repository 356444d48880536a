import { Logger } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool, type PoolConfig } from 'pg';

import { StartError } from '../config/start-error.js';
import { DatabaseConnection } from './database-connection.js';
import { reasonOf } from './reason.js';
import * as schema from './schema.js';

const TIMEOUT_MS = 5_000;

/** Connects to a PostgreSQL server, and makes sure that it answers. */
export async function openServer(url: string): Promise<DatabaseConnection> {
  const place = placeOf(url);
  const pool = openPool({ connectionString: url, max: 10 });
  // For pings, which would wait in `pool` for as long as all of its connections are busy.
  const pings = openPool({ connectionString: url, max: 1, query_timeout: TIMEOUT_MS });
  const connection = new DatabaseConnection(drizzle(pool, { schema }), `PostgreSQL at ${place}`, {
    ping: () => pings.query('SELECT 1'),
    close: async () => {
      await Promise.all([pool.end(), pings.end()]);
    },
  });
  try {
    await connection.ping();
  } catch (error) {
    await connection.onApplicationShutdown();
    throw new StartError(
      `Could not reach the PostgreSQL at ${place} that DATABASE_URL names: ${reasonOf(error)}. ` +
        `Start it, correct DATABASE_URL, or leave it out to use the embedded database.`,
      { cause: error },
    );
  }
  return connection;
}

function openPool(config: PoolConfig): Pool {
  const pool = new Pool({ ...config, connectionTimeoutMillis: TIMEOUT_MS });
  // An idle connection that the server drops is replaced at the next query; unheard, it would end the process.
  pool.on('error', (error) => new Logger('Database').warn(`Lost a connection: ${error.message}`));
  return pool;
}

/** Host, port and database: what may be shown of a URL that can hold a password. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
}
