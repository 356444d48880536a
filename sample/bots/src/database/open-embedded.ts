import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';

import { StartError } from '../config/start-error.js';
import { DatabaseConnection } from './database-connection.js';
import { lockDataDir } from './data-dir-lock.js';
import { reasonOf } from './reason.js';
import * as schema from './schema.js';

/** `DATA_DIR` of a database that is gone when the process ends. */
export const IN_MEMORY = 'memory://';

/** Opens PostgreSQL inside this process, on files under `dataDir`. */
export async function openEmbedded(dataDir: string): Promise<DatabaseConnection> {
  if (dataDir === IN_MEMORY) {
    return connect(await PGlite.create(IN_MEMORY), 'embedded PostgreSQL in memory, gone at the end');
  }
  const folder = resolve(dataDir);
  makeFolder(folder);
  const unlock = lockDataDir(folder);
  try {
    const files = join(folder, 'postgres');
    if (!existsSync(files)) await createCluster(files);
    return connect(await PGlite.create(files), `embedded PostgreSQL in ${folder}`, unlock);
  } catch (error) {
    unlock();
    throw new StartError(
      `Could not open the embedded database in ${folder}: ${reasonOf(error)}. ` +
        `Remove that folder to start with fresh data, or set DATA_DIR to another one.`,
      { cause: error },
    );
  }
}

function connect(client: PGlite, description: string, unlock?: () => void): DatabaseConnection {
  return new DatabaseConnection(drizzle(client, { schema }), description, async () => {
    await client.close();
    unlock?.();
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
  const client = await PGlite.create(draft);
  await client.close();
  renameSync(draft, files);
}
