import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Cacheable, defineCache, key, type Duration } from 'nestjs-roost';
import { Gate } from '../../../support/engine.js';
import { startRedisServer, type RedisServer } from '../../../support/redis-server.js';
import { WarmupApp } from './warmup-app.js';

export const IDS: readonly string[] = Array.from({ length: 12 }, (_, i) => String(i));
export const botsCache = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });

/** What all instances share: the database. */
export const database = { loads: [] as string[], load: (id: string): unknown => id };

@Injectable()
export class Bots {
  @Cacheable(botsCache)
  async find(id: string): Promise<unknown> {
    database.loads.push(id);
    return database.load(id);
  }
}

interface Limits {
  /** Of an operation on Redis, milliseconds. */
  readonly deadline: number;
  /** @default that of the module */
  readonly lease?: Duration;
}

type Providers = NonNullable<Parameters<typeof WarmupApp.make>[0]>;

/** Instances that warm {@link Bots} on one Redis, closed after each test. */
export class WarmupFleet {
  server!: RedisServer;
  admin!: Redis;
  namespace = '';
  private namespaces = 0;
  private apps: WarmupApp[] = [];

  /** @param name begins the namespace of each test */
  constructor(name: string) {
    beforeAll(async () => {
      this.server = await startRedisServer();
      this.admin = new Redis(this.server.url, { retryStrategy: () => 50 });
      this.admin.on('error', () => undefined);
    });
    afterAll(async () => {
      this.admin.disconnect();
      await this.server.stop();
    });
    beforeEach(() => {
      this.namespace = `${name}:${(this.namespaces += 1)}`;
      database.loads = [];
      database.load = (id) => id;
    });
    afterEach(async () => {
      await Promise.all(this.apps.splice(0).map(({ module }) => module.close()));
    });
  }

  /** Made, and not started. */
  async make(providers: Providers, { deadline, lease }: Limits): Promise<WarmupApp> {
    const app = await WarmupApp.make([Bots, ...providers], {
      cache: { namespace: this.namespace, redis: { url: this.server.url, deadline } },
      ...(lease !== undefined && { warmup: { lease, shutdownDeadline: '1m' } }),
    });
    this.apps.push(app);
    return app;
  }

  async start(providers: Providers, limits: Limits): Promise<WarmupApp> {
    const app = await this.make(providers, limits);
    await app.module.init();
    return app;
  }

  /** The next load waits until the test lets it go. */
  holdNext(): { readonly begun: Promise<void>; readonly release: () => void } {
    const [begun, hold] = [new Gate<void>(), new Gate<void>()];
    database.load = (id) => {
      begun.resolve();
      return hold.promise.then(() => id);
    };
    return { begun: begun.promise, release: () => hold.resolve() };
  }
}
