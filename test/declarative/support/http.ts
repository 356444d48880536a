import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { VersioningType } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheModule, type CacheModuleOptions } from 'nestjs-roost';

/** The HTTP platforms that Nest has. */
export const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

export type Platform = (typeof PLATFORMS)[number][1];

/** An application that answers HTTP requests; a version of a route is asked for in the path, as in `/v2/bots`. */
export async function startHttp(
  platform: Platform,
  metadata: ModuleMetadata,
  options: CacheModuleOptions,
): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [CacheModule.forRoot(options)],
  }).compile();
  const app = module.createNestApplication(platform(), { logger: false });
  app.enableVersioning({ type: VersioningType.URI });
  await app.init();
  // Fastify answers nothing before it has loaded its plugins, and tells so by a method that Express does not have.
  const server = app.getHttpAdapter().getInstance() as { ready?: () => Promise<unknown> };
  await server.ready?.();
  return app;
}
