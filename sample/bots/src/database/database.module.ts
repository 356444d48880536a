import { Global, Module } from '@nestjs/common';
import { CacheService } from 'nestjs-roost';

import { settings, type Settings } from '../config/settings.js';
import { DatabaseConnection } from './database-connection.js';
import { openEmbedded } from './open-embedded.js';
import { openServer } from './open-server.js';
import { prepareDatabase } from './prepare.js';
import { UnitOfWork } from './unit-of-work.js';

@Global()
@Module({
  providers: [
    {
      provide: DatabaseConnection,
      inject: [settings.KEY, CacheService],
      useFactory: openDatabase,
    },
    UnitOfWork,
  ],
  exports: [DatabaseConnection, UnitOfWork],
})
export class DatabaseModule {}

async function openDatabase(
  { databaseUrl, dataDir, seedMessages }: Settings,
  caches: CacheService,
): Promise<DatabaseConnection> {
  const connection = await (databaseUrl === undefined ? openEmbedded(dataDir) : openServer(databaseUrl));
  try {
    // What Redis still has of an earlier database tells of bots that this one has not.
    if (await prepareDatabase(connection.db, seedMessages)) await caches.clear();
    return connection;
  } catch (error) {
    await connection.onApplicationShutdown();
    throw error;
  }
}
