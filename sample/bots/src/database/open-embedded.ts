import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';

import { StartError } from '../config/start-error.js';
import { DatabaseConnection } from './database-connection.js';
import { lockDataDir } from './data-dir-lock.js';
import { type PGliteClient, PGliteThread } from './pglite-thread.js';
import { reasonOf } from './reason.js';
import * as schema from './schema.js';

/** `DATA_DIR` of a database that is gone when the process ends. */
export const IN_MEMORY = 'memory://';

/** Opens PostgreSQL inside this process, on a thread of its own and on files under `dataDir`. */
export async function openEmbedded(dataDir: string): Promise<DatabaseConnection> {
  if (dataDir === IN_MEMORY) {
    return connect(await PGliteThread.open(IN_MEMORY), 'embedded PostgreSQL in memory, gone at the end');
  }
  const folder = resolve(dataDir);
  makeFolder(folder);
  const unlock = lockDataDir(folder);
  try {
    const files = join(folder, 'postgres');
    if (!existsSync(files)) await createCluster(files);
    return connect(await PGliteThread.open(files), `embedded PostgreSQL in ${folder}`, unlock);
  } catch (error) {
    unlock();
    throw new StartError(
      `Could not open the embedded database in ${folder}: ${reasonOf(error)}. ` +
        `Remove that folder to start with fresh data, or set DATA_DIR to another one.`,
      { cause: error },
    );
  }
}

function connect(thread: PGliteThread, description: string, unlock?: () => void): DatabaseConnection {
  const client: PGliteClient = thread;
  return new DatabaseConnection(drizzle(client as PGlite, { schema }), description, {
    ping: () => thread.ping(),
    close: async () => {
      try {
        await thread.close();
      } finally {
        unlock?.();
      }
    },
  });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new StartError(
      `Expected \`DATA_DIR\` to be a folder that can be written, got ${folder}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}

/** Makes the database's files beside their place first: PGlite killed while it writes them cannot open them again. */
async function createCluster(files: string): Promise<void> {
  const draft = `${files}.new`;
  rmSync(draft, { recursive: true, force: true });
  const thread = await PGliteThread.open(draft);
  await thread.close();
  renameSync(draft, files);
}
