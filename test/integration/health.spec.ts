import { HealthIndicatorService } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { CacheModule, CacheService, defineCache, key, type CacheModuleOptions } from 'nestjs-roost';
import { CacheHealthIndicator } from 'nestjs-roost/health';
import { ask, until } from '../support/redis-cluster.js';
import { startRedisServer, type RedisServer, type RedisServerOptions } from '../support/redis-server.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '1m' });

describe('the health indicator', () => {
  const stopping: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const stop of stopping.splice(0).toReversed()) await stop();
  });

  async function startServer(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = await startRedisServer(options);
    stopping.push(() => server.stop());
    return server;
  }

  async function start(options: Partial<CacheModuleOptions>) {
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'health', ...options })],
      providers: [CacheHealthIndicator, HealthIndicatorService],
    }).compile();
    module.useLogger(false);
    await module.init();
    stopping.push(() => module.close());
    return { health: module.get(CacheHealthIndicator), service: module.get(CacheService) };
  }

  /** How often Redis was sent a command. */
  const callsOf = (server: RedisServer, command: string) =>
    ask(server, async (client) => {
      const stats = await client.info('commandstats');
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    });

  describe('redis()', () => {
    it('is up without Redis, and says so', async () => {
      const { health } = await start({});
      expect(await health.redis()).toEqual({ redis: { status: 'up', mode: 'memory' } });
    });

    it('tells latency, role, and memory against its limit', async () => {
      const server = await startServer({ args: ['--maxmemory', '50mb'] });
      const { health } = await start({ redis: server.url });
      expect(await health.redis('cache-server')).toEqual({
        'cache-server': {
          status: 'up',
          mode: 'redis',
          latencyMs: expect.any(Number),
          role: 'master',
          memory: { usedBytes: expect.any(Number), maxBytes: 50 * 1024 * 1024 },
        },
      });
    });

    it('leaves nothing behind', async () => {
      const server = await startServer();
      const { health } = await start({ redis: server.url });
      await health.redis();
      expect(await callsOf(server, 'set')).toBe(1);
      expect(await ask(server, (client) => client.dbsize())).toBe(0);
    });

    it('looks once for all who ask at the same time, on the connection that is there', async () => {
      const server = await startServer();
      const { health } = await start({ redis: server.url });
      const connections = () =>
        ask(server, async (client) => String(await client.client('LIST')).split('\n').length);
      const before = await connections();
      const results = await Promise.all(Array.from({ length: 20 }, () => health.redis()));
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(await callsOf(server, 'set')).toBe(1);
      expect(await connections()).toBe(before);
      await health.redis();
      expect(await callsOf(server, 'set')).toBe(2);
    });

    it('is down, with the reason, when Redis answers and takes no writes', async () => {
      const server = await startServer({ args: ['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction'] });
      const { health } = await start({ redis: server.url });
      expect(await health.redis()).toMatchObject({
        redis: { status: 'down', mode: 'redis', reason: expect.stringContaining('OOM command not allowed') },
      });
    });

    it.each([
      ['yes', expect.stringContaining('READONLY')],
      ['no', 'a replica is connected, which takes no writes'],
    ])('is down on a replica, be it read-only or not: %s', async (readOnly, reason) => {
      const master = await startServer();
      const replica = await startServer({
        args: ['--replicaof', master.host, String(master.port), '--replica-read-only', readOnly],
      });
      const { health } = await start({ redis: replica.url });
      expect(await health.redis()).toMatchObject({ redis: { status: 'down', reason } });
    });

    it('is down when Redis hangs, and up again when it does not', async () => {
      const server = await startServer();
      const { health } = await start({ redis: server.url });
      server.freeze();
      expect(await health.redis('redis', { timeout: 50 })).toMatchObject({
        redis: { status: 'down', mode: 'redis', reason: expect.stringContaining('no answer within 50 ms') },
      });
      server.thaw();
      await until(async () => (await health.redis()).redis.status === 'up');
    });

    it('is down when Redis is gone', async () => {
      const server = await startServer();
      const { health } = await start({ redis: server.url });
      await server.kill();
      expect(await health.redis()).toMatchObject({
        redis: { status: 'down', reason: expect.stringContaining('is not reachable') },
      });
    });

    it.each(['1s', 0, -1, NaN, Infinity, 2 ** 31])(
      'says what is wrong with a timeout of %p',
      async (timeout) => {
        const { health, service } = await start({});
        const reason = expect.stringMatching(
          /^Expected the timeout .* milliseconds > 0 and up to 2147483647, got/,
        );
        expect(await health.redis('redis', { timeout: timeout as number })).toMatchObject({
          redis: { status: 'down', reason },
        });
        await expect(service.ping(timeout as number)).rejects.toMatchObject({ code: 'CACHE_INVALID_OPTION' });
      },
    );

    it('misses what Redis does not know, and is up', async () => {
      const server = await startServer({ args: ['--rename-command', 'INFO', ''] });
      // Without its check, for which it needs INFO.
      const client = new Redis(server.url, { enableReadyCheck: false });
      stopping.push(async () => client.disconnect());
      const { health } = await start({ redis: { client } });
      expect(await health.redis()).toEqual({
        redis: { status: 'up', mode: 'redis', latencyMs: expect.any(Number) },
      });
    });

    it('misses what its user is not allowed to see, and is up', async () => {
      const server = await startServer();
      await ask(server, (client) =>
        client.call('ACL', 'SETUSER', 'bots', 'on', '>secret', '~*', '&*', '+@all', '-info'),
      );
      const { health } = await start({ redis: { url: server.url, username: 'bots', password: 'secret' } });
      expect(await health.redis()).toEqual({
        redis: { status: 'up', mode: 'redis', latencyMs: expect.any(Number) },
      });
    });
  });

  describe('cache()', () => {
    it('tells hit ratio and memory', async () => {
      const { health, service } = await start({});
      await service.cache(bots).getOrLoad(['1'], () => 'Ada');
      await service.cache(bots).get('1');
      await service.cache(bots).get('1');
      expect(health.cache()).toMatchObject({
        cache: { status: 'up', mode: 'memory', degraded: [], hitRatio: 0.667, l1: { entries: 1 } },
      });
    });

    it('stays up and tells what is degraded: connection, breaker, bus, queue, disabled caches', async () => {
      const server = await startServer();
      const { health, service } = await start({ redis: server.url });
      const cache = service.cache(bots);
      const degraded = () =>
        (health.cache('caches').caches as unknown as { degraded: readonly string[] }).degraded;
      expect(degraded()).toEqual([]);
      await server.kill();
      await cache.evict('1');
      await service.disable('bots');
      await until(() => degraded().length === 4);
      expect(degraded()).toEqual([
        expect.stringMatching(/^no connection to Redis since \d{4}-\d\d-\d\dT/),
        expect.stringMatching(/^memory is off: other instances can't be heard since /),
        'evictions that wait for Redis: 1',
        'disabled: bots',
      ]);
      expect(health.cache('caches').caches.status).toBe('up');
    });
  });
});
