import {
  CACHE_MANAGER,
  CacheInterceptor,
  CacheKey,
  CacheModule as NestCacheModule,
  CacheTTL,
} from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  type INestApplication,
  type ModuleMetadata,
  Module,
  NotFoundException,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Cache } from 'cache-manager';
import type { Redis } from 'ioredis';
import request from 'supertest';
import { cacheManagerOptions } from '../../src/bridge/cache-manager.bridge.js';
import { connect, next } from '../integration/bridge/bridge-setup.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';

const CONNECTION = Symbol('connection');
const MINUTE = 60_000;

@Controller()
@UseInterceptors(CacheInterceptor)
class BotsController {
  calls = 0;

  @Get('bots')
  list(): object {
    this.calls += 1;
    return { calls: this.calls, at: new Date(0), hint: '_function_f|function(){}', nothing: null };
  }

  @Get('bots/named')
  @CacheKey('named-bots')
  @CacheTTL(2 * MINUTE)
  named(): string[] {
    this.calls += 1;
    return [`call ${this.calls}`];
  }

  @Post('bots')
  create(): number {
    this.calls += 1;
    return this.calls;
  }

  @Get('bots/missing')
  missing(): never {
    this.calls += 1;
    throw new NotFoundException();
  }
}

/** Where the connection comes from decides the importing application, as in the library's own module. */
function application(client: Redis | undefined): ModuleMetadata {
  @Module({ providers: [{ provide: CONNECTION, useValue: { client } }], exports: [CONNECTION] })
  class ConnectionModule {}

  const cacheManager = NestCacheModule.registerAsync({
    imports: [ConnectionModule],
    inject: [CONNECTION],
    useFactory: (connection: { client: Redis | undefined }) =>
      cacheManagerOptions(connection.client, {
        namespace: 'prod:bots',
        ttl: 5 * MINUTE,
        memory: { maxEntries: 100, maxBytes: 1_000_000 },
        onError: () => undefined,
      }),
  });

  @Module({ imports: [ConnectionModule, cacheManager], exports: [ConnectionModule, cacheManager] })
  class WiringModule {}

  return { imports: [{ module: WiringModule, global: true }], controllers: [BotsController] };
}

interface Running {
  readonly app: INestApplication;
  readonly cache: Cache;
  get(path: string): request.Test;
  /** A request that misses, and its answer once the interceptor has stored it, which it does in the background. */
  fill(path: string): Promise<request.Response>;
}

async function start(client: Redis | undefined): Promise<Running> {
  const module = await Test.createTestingModule(application(client)).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const cache = app.get<Cache>(CACHE_MANAGER);
  const get = (path: string): request.Test => request(app.getHttpServer()).get(path);
  const fill = async (path: string): Promise<request.Response> => {
    const stored = new Promise<void>((resolve) => {
      const listener = (): void => {
        cache.off('set', listener);
        resolve();
      };
      cache.on('set', listener);
    });
    const response = await get(path).expect(200).expect('X-Cache', 'MISS');
    await stored;
    return response;
  };
  return { app, cache, get, fill };
}

describe.each(['on Redis', 'in memory'])("Nest's CacheInterceptor over HTTP %s", (where) => {
  let server: RedisServer | undefined;
  let client: Redis | undefined;
  let running: Running;

  beforeAll(async () => {
    if (where === 'on Redis') {
      server = await startRedisServer();
      client = await connect(server.url);
    }
    running = await start(client);
  });

  afterAll(async () => {
    await running.app.close();
    client?.disconnect();
    await server?.stop();
  });

  beforeEach(() => running.cache.clear());

  /** Milliseconds until the entry ends. */
  async function ttlLeft(key: string): Promise<number> {
    return ((await running.cache.ttl(key)) ?? 0) - Date.now();
  }

  it('serves the second request from the cache, with the same body', async () => {
    const first = await running.fill('/bots?page=1');
    const second = await running.get('/bots?page=1').expect(200).expect('X-Cache', 'HIT');
    expect(second.text).toBe(first.text);
    expect(second.body).toMatchObject({ at: '1970-01-01T00:00:00.000Z', hint: '_function_f|function(){}' });
    const other = await running.fill('/bots?page=2');
    expect(other.text).not.toBe(first.text);
  });

  it('honours @CacheKey and @CacheTTL', async () => {
    const { body } = await running.fill('/bots/named');
    expect(await running.cache.get('named-bots')).toEqual(body);
    expect(await ttlLeft('named-bots')).toBeGreaterThan(MINUTE);
    expect(await ttlLeft('named-bots')).toBeLessThanOrEqual(2 * MINUTE);
    await running.cache.del('named-bots');
    await running.fill('/bots/named');
  });

  it('gives entries of handlers without a ttl the default one', async () => {
    await running.fill('/bots');
    expect(await ttlLeft('/bots')).toBeGreaterThan(4 * MINUTE);
    expect(await ttlLeft('/bots')).toBeLessThanOrEqual(5 * MINUTE);
  });

  it('caches neither writes nor errors', async () => {
    const http = request(running.app.getHttpServer());
    const { text } = await http.post('/bots').expect(201);
    expect(Number((await http.post('/bots').expect(201)).text)).toBe(Number(text) + 1);
    const controller = running.app.get(BotsController);
    const { calls } = controller;
    await http.get('/bots/missing').expect(404);
    await http.get('/bots/missing').expect(404);
    expect(controller.calls).toBe(calls + 2);
  });
});

describe("Nest's CacheInterceptor on the application's Redis connection", () => {
  let server: RedisServer;
  let client: Redis;
  let running: Running;

  beforeEach(async () => {
    server = await startRedisServer();
    client = await connect(server.url);
    running = await start(client);
  });

  afterEach(async () => {
    await running.app.close();
    client.disconnect();
    await server.stop();
  });

  it('answers while Redis is down, and caches again once it is back', async () => {
    const closed = next(client, 'close');
    await server.kill();
    await closed;
    const first = await running.get('/bots').expect(200).expect('X-Cache', 'MISS');
    const second = await running.get('/bots').expect(200).expect('X-Cache', 'MISS');
    expect(second.text).not.toBe(first.text);
    const ready = next(client, 'ready');
    await server.restart();
    await ready;
    await running.fill('/bots');
    await running.get('/bots').expect('X-Cache', 'HIT');
  });

  it('gives the Redis key the ttl of @CacheTTL', async () => {
    await running.fill('/bots/named');
    expect(await client.pttl('prod:bots~cm:named-bots')).toBeGreaterThan(MINUTE);
    expect(await client.pttl('prod:bots~cm:named-bots')).toBeLessThanOrEqual(2 * MINUTE);
  });

  it('leaves the connection open when the application closes', async () => {
    await running.app.close();
    expect(await client.ping()).toBe('PONG');
  });
});
