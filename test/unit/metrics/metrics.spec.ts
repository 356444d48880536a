import { Injectable, Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule, CacheService, defineCache, key, tag, type CacheTelemetry } from 'nestjs-roost';
import { CacheMetrics, CacheMetricsModule, type CacheMetricsOptions } from 'nestjs-roost/metrics';
import { CacheWarmup, CacheWarmupModule, warm, WarmupService } from 'nestjs-roost/warmup';
import { Counter, Registry } from 'prom-client';
import { ManualLoader } from '../../support/engine.js';

Logger.overrideLogger(false);

const bots = defineCache<[id: string]>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '1m',
  tags: (id) => [tag`bot:${id}`],
});

describe('CacheMetricsModule', () => {
  const apps: TestingModule[] = [];

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  const start = async (options: CacheMetricsOptions = {}, namespace = 'test') => {
    const app = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace }), CacheMetricsModule.forRoot(options)],
    }).compile();
    apps.push(await app.init());
    const metrics = app.get(CacheMetrics);
    return { app, service: app.get(CacheService), metrics };
  };

  /** The samples of one metric, as they are written: `{cache="bots"} 1`. */
  const samples = async (metrics: CacheMetrics, name: string): Promise<string[]> => {
    const lines = (await metrics.text()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => line.slice(name.length));
  };

  it('counts reads by cache, tier and outcome, shared loads, and the time saved', async () => {
    const { service, metrics } = await start();
    const cache = service.cache(bots);
    const loader = new ManualLoader<string>();
    const callers = Array.from({ length: 3 }, () => cache.getOrLoad(['1'], loader.load));
    await loader.called(1);
    loader.calls[0]!.resolve('loaded');
    await Promise.all(callers);
    await cache.get('1');
    expect(await samples(metrics, 'nestjs_roost_requests_total')).toEqual([
      '{cache="bots",tier="l1",outcome="hit"} 1',
      '{cache="bots",tier="l2",outcome="hit"} 0',
      '{cache="bots",tier="l1",outcome="stale"} 0',
      '{cache="bots",tier="l2",outcome="stale"} 0',
      '{cache="bots",tier="none",outcome="miss"} 3',
      '{cache="bots",tier="none",outcome="bypass"} 0',
    ]);
    expect(await samples(metrics, 'nestjs_roost_shared_loads_total')).toEqual(['{cache="bots"} 2']);
    const [saved = ''] = await samples(metrics, 'nestjs_roost_time_saved_seconds_total');
    expect(Number(saved.split(' ')[1])).toBeGreaterThan(0);
    expect(await samples(metrics, 'nestjs_roost_load_duration_seconds_count')).toEqual([
      '{cache="bots",result="ok"} 1',
    ]);
  });

  it('measures entries, memory, evictions and what can’t be stored', async () => {
    const { service, metrics } = await start();
    const cache = service.cache(bots);
    await cache.set(['1'], 'x'.repeat(1000));
    await expect(cache.set(['2'], () => 0)).rejects.toThrow();
    await service.evictTags(tag`bot:${'2'}`, tag`bot:${'3'}`);
    await service.disable('bots');
    expect(await samples(metrics, 'nestjs_roost_entry_size_bytes_count')).toEqual(['{cache="bots"} 1']);
    expect(await samples(metrics, 'nestjs_roost_entry_size_bytes_bucket')).toContain(
      '{le="2048",cache="bots"} 1',
    );
    expect(await samples(metrics, 'nestjs_roost_l1_entries')).toEqual([' 1']);
    const [bytes = ''] = await samples(metrics, 'nestjs_roost_l1_bytes');
    expect(Number(bytes)).toBe(service.stats().l1.bytes);
    expect(await samples(metrics, 'nestjs_roost_evictions_total')).toEqual([
      '{kind="key",origin="here"} 1',
      '{kind="tag",origin="here"} 2',
    ]);
    expect(await samples(metrics, 'nestjs_roost_refused_values_total')).toEqual(['{cache="bots"} 1']);
    expect(await samples(metrics, 'nestjs_roost_cache_enabled')).toEqual(['{cache="bots"} 0']);
  });

  it('says nothing about a Redis that there is not', async () => {
    const { metrics } = await start();
    for (const name of ['redis_connected', 'bus_armed', 'queued_evictions', 'breaker_state'])
      expect(await samples(metrics, `nestjs_roost_${name}`)).toEqual([]);
  });

  it('measures reads when it is told to, and listens to none otherwise', async () => {
    const quiet = await start();
    const loud = await start({ reads: true, prefix: 'loud_' });
    for (const { service } of [quiet, loud]) await service.cache(bots).get('1');
    expect(await samples(quiet.metrics, 'nestjs_roost_read_duration_seconds_count')).toEqual([]);
    expect(await samples(loud.metrics, 'loud_read_duration_seconds_count')).toEqual([
      '{cache="bots",outcome="miss"} 1',
    ]);
  });

  it('has labels for a limited number of caches, and none with keys in them', async () => {
    const { service, metrics } = await start({ maxCaches: 2 });
    for (let i = 0; i < 50; i += 1) {
      const cache = service.cache(
        defineCache({ name: `cache-${i}`, key: (id: string) => key`${i}:${id}`, ttl: '1m' }),
      );
      await cache.getOrLoad(['secret-id'], () => 'loaded');
      await cache.evict('secret-id');
    }
    const text = await metrics.text();
    const labels = new Set([...text.matchAll(/cache="([^"]*)"/g)].map(([, name]) => name));
    expect(labels).toEqual(new Set(['cache-0', 'cache-1', '(other)']));
    expect(text).toContain('requests_total{cache="(other)",tier="none",outcome="miss"} 48');
    expect(text).not.toContain('secret-id');
  });

  it('keeps a cache that is named other apart from those without a label', async () => {
    const { service, metrics } = await start({ maxCaches: 1 });
    for (const name of ['other', 'one-more']) {
      const cache = service.cache(defineCache({ name, key: (id: string) => key`${name}:${id}`, ttl: '1m' }));
      await cache.getOrLoad(['1'], () => 'loaded');
    }
    expect(await samples(metrics, 'nestjs_roost_load_duration_seconds_count')).toEqual([
      '{cache="other",result="ok"} 1',
      '{cache="(other)",result="ok"} 1',
    ]);
  });

  describe('of warmups', () => {
    const finished: CacheTelemetry['warmup'] = {
      warmup: 'bots',
      kind: 'finished',
      trigger: 'schedule',
      outcome: 'done',
      done: 7,
      failed: 2,
      total: 9,
      duration: 2_000,
    };

    it('counts runs by outcome, items and durations, when a run has ended', async () => {
      const { service, metrics } = await start();
      service.tell('warmup', { ...finished, kind: 'started' });
      service.tell('warmup', { ...finished, kind: 'progress' });
      expect(await samples(metrics, 'nestjs_roost_warmup_items_total')).toEqual([]);
      service.tell('warmup', finished);
      service.tell('warmup', { ...finished, outcome: 'stopped', done: 1, failed: 0 });
      service.tell('warmup', { ...finished, kind: 'skipped', done: 0, failed: 0 });
      expect(await samples(metrics, 'nestjs_roost_warmup_runs_total')).toEqual([
        '{warmup="bots",outcome="done"} 1',
        '{warmup="bots",outcome="stopped"} 1',
        '{warmup="bots",outcome="skipped"} 1',
      ]);
      expect(await samples(metrics, 'nestjs_roost_warmup_items_total')).toEqual([
        '{warmup="bots",result="done"} 8',
        '{warmup="bots",result="failed"} 2',
      ]);
      expect(await samples(metrics, 'nestjs_roost_warmup_duration_seconds_sum')).toEqual([
        '{warmup="bots",outcome="done"} 2',
        '{warmup="bots",outcome="stopped"} 2',
      ]);
    });

    it('counts what a run has come to', async () => {
      @Injectable()
      class Warmups {
        @CacheWarmup({ name: 'bots', retries: 0 })
        bots() {
          return warm(['1', '2', '3'], (id) => {
            if (id === '2') throw new Error('wanted');
          });
        }
      }
      const app = await Test.createTestingModule({
        imports: [
          CacheModule.forRoot({ namespace: 'test' }),
          CacheMetricsModule.forRoot({}),
          CacheWarmupModule.forRoot({}),
        ],
        providers: [Warmups],
      }).compile();
      apps.push(await app.init());
      await app.get(WarmupService).run('bots');
      const metrics = app.get(CacheMetrics);
      expect(await samples(metrics, 'nestjs_roost_warmup_runs_total')).toEqual([
        '{warmup="bots",outcome="done"} 1',
      ]);
      expect(await samples(metrics, 'nestjs_roost_warmup_items_total')).toEqual([
        '{warmup="bots",result="done"} 2',
        '{warmup="bots",result="failed"} 1',
      ]);
    });

    it('tell when a run last succeeded, and not when it did not', async () => {
      const { service, metrics } = await start();
      const name = 'nestjs_roost_warmup_last_success_timestamp_seconds';
      service.tell('warmup', { ...finished, outcome: 'failed' });
      service.tell('warmup', { ...finished, done: 0 });
      expect(await samples(metrics, name)).toEqual([]);
      const before = Date.now() / 1000;
      service.tell('warmup', finished);
      const [sample = ''] = await samples(metrics, name);
      expect(sample).toMatch(/^\{warmup="bots"\} /);
      expect(Number(sample.split(' ')[1])).toBeGreaterThanOrEqual(before);
    });

    it('have labels for a limited number', async () => {
      const { service, metrics } = await start({ maxCaches: 1 });
      for (const warmup of ['bots', 'profiles', 'usage']) service.tell('warmup', { ...finished, warmup });
      expect(await samples(metrics, 'nestjs_roost_warmup_runs_total')).toEqual([
        '{warmup="bots",outcome="done"} 1',
        '{warmup="(other)",outcome="done"} 2',
      ]);
    });
  });

  it('is in the application’s own registry, beside its own metrics', async () => {
    const registry = new Registry();
    new Counter({ name: 'own_total', help: 'x', registers: [registry] }).inc();
    const { metrics } = await start({ registry });
    expect(metrics.registry).toBe(registry);
    expect(metrics.contentType).toContain('text/plain');
    expect(await metrics.text()).toMatch(/own_total 1[^]*nestjs_roost_/);
  });

  it('lets two applications share a registry: they are added up, and counters stay when one ends', async () => {
    const registry = new Registry();
    const [one, two] = [await start({ registry }), await start({ registry }, 'other')];
    await one.service.cache(bots).get('1');
    await two.service.cache(bots).getOrLoad(['1'], () => 'loaded');
    const missed = '{cache="bots",tier="none",outcome="miss"} 2';
    expect(await samples(one.metrics, 'nestjs_roost_requests_total')).toContain(missed);
    expect(await samples(one.metrics, 'nestjs_roost_l1_entries')).toEqual([' 1']);
    await two.app.close();
    apps.splice(apps.indexOf(two.app), 1);
    expect(await samples(one.metrics, 'nestjs_roost_requests_total')).toContain(missed);
    expect(await samples(one.metrics, 'nestjs_roost_l1_entries')).toEqual([' 0']);
    expect(await samples(one.metrics, 'nestjs_roost_load_duration_seconds_count')).toEqual([
      '{cache="bots",result="ok"} 1',
    ]);
  });

  it('starts again with a registry that was cleared', async () => {
    const registry = new Registry();
    await start({ registry });
    registry.clear();
    const { metrics } = await start({ registry });
    expect(await metrics.text()).toContain('nestjs_roost_requests_total');
  });

  it('exports what features measure, whenever they begin, of all that share the registry', async () => {
    const registry = new Registry();
    const [one, two] = [await start({ registry }), await start({ registry })];
    for (const [i, { service }] of [one, two].entries()) {
      service.measures.add({
        name: 'things_total',
        help: 'Things.',
        type: 'counter',
        labels: ['result'],
        collect: () => [{ labels: { result: 'done' }, value: 3 + i }],
      });
    }
    expect(await samples(one.metrics, 'nestjs_roost_things_total')).toEqual(['{result="done"} 7']);
  });

  it('tells the worse state of two applications, and adds up what is no state', async () => {
    const registry = new Registry();
    const [one, two] = [await start({ registry }), await start({ registry })];
    for (const { service } of [one, two]) await service.cache(bots).set(['1'], 'value');
    expect(await samples(one.metrics, 'nestjs_roost_cache_enabled')).toEqual(['{cache="bots"} 1']);
    await two.service.disable('bots');
    expect(await samples(one.metrics, 'nestjs_roost_cache_enabled')).toEqual(['{cache="bots"} 0']);
    expect(await samples(one.metrics, 'nestjs_roost_l1_entries')).toEqual([' 2']);
    for (const [i, { service }] of [one, two].entries()) {
      for (const combine of ['min', 'max'] as const) {
        const name = `things_${combine}`;
        service.measures.add({ name, help: 'x', type: 'gauge', combine, collect: () => [{ value: 3 + i }] });
      }
    }
    expect(await samples(one.metrics, 'nestjs_roost_things_min')).toEqual([' 3']);
    expect(await samples(one.metrics, 'nestjs_roost_things_max')).toEqual([' 4']);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('keeps what a feature has counted that ends %s its application’s metrics', async (_, isBefore) => {
    const registry = new Registry();
    const [one, two] = [await start({ registry }), await start({ registry })];
    const [add, gauge] = (['counter', 'gauge'] as const).map(
      (type) => (service: CacheService, value: number) =>
        service.measures.add({
          name: type === 'counter' ? 'things_total' : 'things',
          help: 'Things.',
          type,
          collect: () => [{ value }],
        }),
    );
    add!(one.service, 3);
    gauge!(one.service, 3);
    const stops = [add!(two.service, 4), gauge!(two.service, 4)];
    const end = () => stops.forEach((stop) => stop());
    if (isBefore) end();
    await two.app.close();
    apps.splice(apps.indexOf(two.app), 1);
    end();
    expect(await samples(one.metrics, 'nestjs_roost_things_total')).toEqual([' 7']);
    expect(await samples(one.metrics, 'nestjs_roost_things')).toEqual([' 3']);
  });

  it.each<[object, string]>([
    [{ prefx: 'x' }, 'Expected options of CacheMetricsModule among `registry`'],
    [{ prefix: '1 x' }, 'Expected `prefix` of CacheMetricsModule to be letters'],
    [{ maxCaches: 0 }, '`maxCaches`'],
    [{ reads: 'yes' }, '`reads`'],
    [{ registry: {} }, '`registry`'],
    [{ buckets: { load: [1, 1] } }, '`buckets.load`'],
    [{ buckets: { laod: [1] } }, '`buckets.laod`'],
  ])('refuses %j', async (options, message) => {
    await expect(start(options as CacheMetricsOptions)).rejects.toMatchObject({
      code: 'CACHE_INVALID_OPTION',
      message: expect.stringContaining(message),
    });
  });
});
