import { Global, Module } from '@nestjs/common';

import { settings, type Settings } from '../config/settings.js';
import { DatabaseConnection } from './database-connection.js';
import { openEmbedded } from './open-embedded.js';
import { openServer } from './open-server.js';
import { prepareDatabase } from './prepare.js';

@Global()
@Module({
  providers: [
    {
      provide: DatabaseConnection,
      inject: [settings.KEY],
      useFactory: async ({ databaseUrl, dataDir, seedMessages }: Settings) => {
        const connection = await (databaseUrl === undefined
          ? openEmbedded(dataDir)
          : openServer(databaseUrl));
        await prepareDatabase(connection.db, seedMessages);
        return connection;
      },
    },
  ],
  exports: [DatabaseConnection],
})
export class DatabaseModule {}
