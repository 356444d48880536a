import { Test } from '@nestjs/testing';
import { type INestApplication, Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheTester, CacheTestingModule, type CacheTestingOptions } from 'nestjs-roost/testing';
import request from 'supertest';

import { configureApp } from '../../src/app.factory.js';
import { AppModule } from '../../src/app.module.js';
import { readSettings, settings } from '../../src/config/settings.js';
import { DatabaseConnection } from '../../src/database/database-connection.js';
import { IN_MEMORY, openEmbedded } from '../../src/database/open-embedded.js';
import { prepareDatabase } from '../../src/database/prepare.js';

export type AdapterName = 'Express' | 'Fastify';

const ADAPTERS: Record<AdapterName, () => AbstractHttpAdapter> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

export interface SampleOptions {
  readonly database: DatabaseConnection;
  /** @default Express */
  readonly adapter?: AdapterName;
  /**
   * Variables of the app's environment, such as `REDIS_URL`; without `WARMUP` nothing is warmed that a test does not warm.
   *
   * @default none: a cache in memory
   */
  readonly env?: NodeJS.ProcessEnv;
  /** With the testing kit of the library, which takes Redis and the clock away: `sample.caches`. @default without */
  readonly testing?: CacheTestingOptions;
  /**
   * Milliseconds that the cache waits for Redis. More than the usual 100 where a test counts hits: on a busy machine
   * a slow answer would turn one into a miss.
   */
  readonly redisDeadline?: number;
}

/** The sample, listening on a port of its own. */
export class Sample {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  /** Several samples may share a database; none of them closes it. */
  static async start(options: SampleOptions): Promise<Sample> {
    const { database, adapter = 'Express', testing, redisDeadline = 100 } = options;
    const env = { WARMUP: 'off', ...options.env };
    const read = readSettings(env);
    const { redis } = read.cache;
    const module = await Test.createTestingModule({
      imports: [
        await AppModule.register(env),
        ...(testing === undefined ? [] : [CacheTestingModule.forApp(testing)]),
      ],
    })
      .overrideProvider(settings.KEY)
      .useValue({
        ...read,
        cache: {
          ...read.cache,
          ...(typeof redis === 'object' && { redis: { ...redis, deadline: redisDeadline } }),
        },
      })
      .overrideProvider(DatabaseConnection)
      .useValue(
        new DatabaseConnection(database.db, database.description, {
          ping: () => database.ping(),
          close: async () => {},
        }),
      )
      .compile();
    const app = configureApp(module.createNestApplication(ADAPTERS[adapter](), { logger: false }));
    await app.listen(0, '127.0.0.1');
    return new Sample(app, await app.getUrl());
  }

  /** What the testing kit sees of the caches. Only with `testing`. */
  get caches(): CacheTester {
    return this.app.get(CacheTester);
  }

  /** Sends requests in a user's name. */
  as(userId: string) {
    return request.agent(this.url).set('x-user-id', userId);
  }

  anonymously() {
    return request(this.url);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** A seeded database in memory. Close it with `onApplicationShutdown()`. */
export async function openTestDatabase(messageCount = 600): Promise<DatabaseConnection> {
  Logger.overrideLogger(false);
  const database = await openEmbedded(IN_MEMORY);
  await prepareDatabase(database.db, messageCount);
  return database;
}
