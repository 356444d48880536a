import { type INestApplication, type NestApplicationOptions, ValidationPipe } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

import { AppModule } from './app.module.js';
import { SampleLogger } from './startup/sample-logger.js';

export interface CreateAppOptions {
  /** Variables to read instead of the process's own and those of `.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** @default Express */
  readonly adapter?: AbstractHttpAdapter;
  /** @default the console, without Nest's own account of modules and routes */
  readonly logger?: NonNullable<NestApplicationOptions['logger']>;
}

/** The whole app, ready to listen. Rejects when a setting is wrong or the database cannot be had. */
export async function createApp(options: CreateAppOptions = {}): Promise<INestApplication> {
  const { env, adapter = new ExpressAdapter(), logger = new SampleLogger() } = options;
  return configureApp(
    await NestFactory.create(AppModule.register(env), adapter, { logger, abortOnError: false }),
  );
}

/** What an app needs beyond its modules, whether `createApp` or a testing module made it. */
export function configureApp(app: INestApplication): INestApplication {
  return app.useGlobalPipes(
    new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }),
  );
}
