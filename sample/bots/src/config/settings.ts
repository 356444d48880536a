import { registerAs } from '@nestjs/config';
import { cacheOptionsFromEnv, type CacheModuleOptions } from 'nestjs-roost';

import { readInteger, readSwitch, readText, readUrl } from './env.js';

/** All that the sample can be told from outside. `.env.example` lists the variables. */
export interface Settings {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Folder of the embedded database; `memory://` keeps nothing. */
  readonly dataDir: string;
  /** URL of a PostgreSQL server to use instead of the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Messages made at the first start. */
  readonly seedMessages: number;
  /** Whether warmups run by themselves: from time to time, and on events. */
  readonly warmup: boolean;
  readonly cache: CacheModuleOptions;
}

/**
 * Reads the settings from environment variables.
 *
 * @throws StartError for a variable of the sample, CacheError for one of the cache
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: readInteger(env, 'PORT', { min: 0, max: 65_535, default: 3000, unit: 'TCP port' }),
    dataDir: readText(env, 'DATA_DIR') ?? './.data/bots',
    databaseUrl: readUrl(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    seedMessages: readInteger(env, 'SEED_MESSAGES', {
      min: 0,
      max: 10_000_000,
      default: 500_000,
      unit: 'count of messages',
    }),
    warmup: readSwitch(env, 'WARMUP', true),
    cache: cacheOptionsFromEnv(env, { namespace: 'dev:bots' }),
  };
}

/** Settings from the given variables, as `ConfigModule` loads them. */
export const settingsFrom = (env: NodeJS.ProcessEnv) => registerAs('bots', () => readSettings(env));

/** Settings of this process. Inject them with `@Inject(settings.KEY)`. */
export const settings = settingsFrom(process.env);
