import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule, CacheService, defineCache, key, type CacheTelemetry } from 'nestjs-roost';
import { CacheAlerts, CacheAlertsModule } from 'nestjs-roost/alerts';
import { CacheMetrics, CacheMetricsModule } from 'nestjs-roost/metrics';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

Logger.overrideLogger(false);

const bots = defineCache<[id: string], string>({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '1m' });

describe('what is told of Redis', () => {
  let server: RedisServer;
  let app: TestingModule;
  let service: CacheService;
  let metrics: CacheMetrics;
  let alerts: CacheAlerts;

  /** With a deadline that a busy machine keeps, or one that is soon over. */
  const start = async (deadline = 5000) => {
    server = await startRedisServer({ persist: true });
    app = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot({
          namespace: 'test',
          redis: { url: server.url, deadline },
          maxEntryBytes: 10_000,
        }),
        CacheMetricsModule.forRoot({}),
        CacheAlertsModule.forRoot({ errors: { operations: 1 } }),
      ],
    }).compile();
    await app.init();
    service = app.get(CacheService);
    metrics = app.get(CacheMetrics);
    alerts = app.get(CacheAlerts);
  };

  afterEach(async () => {
    await app.close();
    await server.stop();
  });

  const record = <Name extends keyof CacheTelemetry>(name: Name) => {
    const events: CacheTelemetry[Name][] = [];
    service.observe(name, (event) => events.push(event));
    return events;
  };
  const value = async (metric: string): Promise<number> => {
    const lines = (await metrics.text()).split('\n');
    return Number(lines.find((line) => line.startsWith(`nestjs_roost_${metric} `))?.split(' ')[1]);
  };

  it('operations with how long they took and how they ended, hits by tier, and the lag of the bus', async () => {
    await start();
    const [operations, bus, reads] = [record('redis'), record('bus'), record('read')];
    const codec = record('codec');
    const cache = service.cache(bots);
    await cache.getOrLoad(['1'], () => 'loaded');
    await cache.evict('2');
    await until(() => bus.some((event) => event.kind === 'lag' && event.by === 'message'));
    await until(() => bus.some((event) => event.kind === 'lag' && event.by === 'heartbeat'));
    expect(operations.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['read', 'tokens', 'acquire', 'store', 'evict', 'announce']),
    );
    for (const { duration, result } of operations) {
      expect(duration).toBeGreaterThan(0);
      expect(result).toBe('ok');
    }
    expect(reads.map(({ outcome, tier }) => [outcome, tier])).toEqual([['miss', undefined]]);
    await cache.getOrLoad(['large'], () => 'x'.repeat(20_000));
    expect(codec).toEqual([{ kind: 'refused', cache: 'bots' }]);
    expect(await value('redis_operation_duration_seconds_count{operation="announce"}')).toBe(1);
    expect(await value('bus_lag_seconds_count{by="message"}')).toBe(1);
    expect(await value('redis_connected')).toBe(1);
    expect(await value('bus_armed')).toBe(1);
    expect(await value('breaker_state{state="closed"}')).toBe(1);
    expect(await value('breaker_state{state="open"}')).toBe(0);

    const other = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'test', redis: server.url })],
    }).compile();
    await other.init();
    const evictions = record('evict');
    const others = other.get(CacheService);
    expect(await others.cache(bots).get('1')).toBe('loaded');
    expect(others.stats().caches['bots']).toMatchObject({ hits: 1, l2Hits: 1 });
    await others.cache(bots).evict('1');
    await until(() => evictions.length > 0);
    expect(evictions).toEqual([{ kind: 'key', what: 'bot:1', origin: 'elsewhere' }]);
    await other.close();
  });

  it('states as those of the worst of two applications that share a registry', async () => {
    await start();
    const other = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot({ namespace: 'test', redis: { url: server.url, deadline: 5000 } }),
        CacheMetricsModule.forRoot({ registry: metrics.registry }),
      ],
    }).compile();
    await other.init();
    await other.get(CacheService).ready();
    await until(() => other.get(CacheService).status()!.bus.state === 'armed');
    await until(() => service.status()!.bus.state === 'armed');
    for (const name of ['redis_connected', 'bus_armed', 'breaker_state{state="closed"}'])
      expect([name, await value(name)]).toEqual([name, 1]);
    await other.close();
  });

  it('connection, bus, breaker and queue when Redis goes and comes, and alerts that are raised and cleared', async () => {
    await start();
    const [connection, bus, queue] = [record('connection'), record('bus'), record('queue')];
    const [operations, changes] = [record('redis'), record('alert')];
    const cache = service.cache(bots);
    await cache.set(['1'], 'value');
    await server.kill();
    await until(() => service.status()!.connection.state === 'lost');
    await cache.evict('1');
    await alerts.evaluate(Date.now() + 6000);
    expect(changes.map(({ name, state }) => `${name} ${state}`)).toContain('disconnected raised');
    expect(connection).toEqual([{ state: 'lost' }]);
    await until(() => bus.some(({ kind }) => kind === 'broken'));
    expect(queue).toContainEqual({ kind: 'queued', count: 1 });
    expect(await value('redis_connected')).toBe(0);
    expect(await value('bus_armed')).toBe(0);
    expect(await value('queued_evictions')).toBe(1);
    expect(await value('bus_interruptions_total')).toBe(1);

    await server.restart();
    await until(() => queue.some(({ kind }) => kind === 'replayed'));
    await until(() => bus.some(({ kind }) => kind === 'armed'));
    expect(connection).toEqual([{ state: 'lost' }, { state: 'ready' }]);
    expect(operations).toContainEqual({ operation: 'replay', duration: expect.any(Number), result: 'ok' });
    expect(await value('missed_evictions_total')).toBeGreaterThan(0);
    expect(await value('replayed_evictions_total')).toBeGreaterThan(0);
    await alerts.evaluate(Date.now() + 6000);
    expect(changes.map(({ name, state }) => `${name} ${state}`)).toContain('disconnected cleared');
  });

  it('operations that are late, the breaker that opens, and the alert about that', async () => {
    await start(100);
    const [operations, breaker, changes] = [record('redis'), record('breaker'), record('alert')];
    const cache = service.cache(bots);
    server.freeze();
    await Promise.all(Array.from({ length: 20 }, (_, i) => cache.get(String(i))));
    await until(() => breaker.length > 1);
    server.thaw();
    expect(operations).toContainEqual({ operation: 'read', duration: expect.any(Number), result: 'late' });
    expect(breaker.slice(0, 2)).toEqual([{ state: 'half-open' }, { state: 'open' }]);
    expect(await value('breaker_opened_total')).toBeGreaterThan(0);
    expect(await value('redis_errors_total{operation="read",reason="late"}')).toBeGreaterThan(0);
    await alerts.evaluate();
    expect(changes).toContainEqual(expect.objectContaining({ name: 'errors', state: 'raised' }));
  });
});
