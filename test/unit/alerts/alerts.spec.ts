import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CacheModule, CacheService, defineCache, key } from 'nestjs-roost';
import { CacheAlerts, CacheAlertsModule, type CacheAlertsOptions } from 'nestjs-roost/alerts';
import { CacheMetrics, CacheMetricsModule } from 'nestjs-roost/metrics';
import { FakeClock } from 'nestjs-roost/testing';
import { Registry } from 'prom-client';
import { defaultRules } from '../../../src/alerts/default-rules.js';
import type { AlertFacts } from '../../../src/alerts/alert-rule.js';

Logger.overrideLogger(false);

const bots = defineCache<[id: string], string>({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '1h' });

describe('CacheAlertsModule', () => {
  let app: TestingModule | undefined;
  let clock: FakeClock;

  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.restoreAllMocks();
  });

  const start = async (options: CacheAlertsOptions = {}, registry?: Registry) => {
    clock = new FakeClock();
    app = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot({ namespace: 'test', clock }),
        CacheMetricsModule.forRoot(registry === undefined ? {} : { registry }),
        CacheAlertsModule.forRoot(options),
      ],
    }).compile();
    await app.init();
    return { alerts: app.get(CacheAlerts), service: app.get(CacheService), metrics: app.get(CacheMetrics) };
  };

  it('raises the hit ratio once and clears it once: as event, log line, and metric', async () => {
    const { alerts, service, metrics } = await start();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const [heard, published]: unknown[][] = [[], []];
    service.observe('alert', ({ name, state }) => heard!.push(`${name} ${state}`));
    const hear = (message: unknown) => published!.push(message);
    subscribe('nestjs-roost:alert', hear);

    const cache = service.cache(bots);
    for (let i = 0; i < 100; i += 1) await cache.get('1');
    expect(await alerts.evaluate()).toHaveLength(1);
    expect(await alerts.evaluate()).toEqual([]);
    expect(alerts.active).toMatchObject([{ name: 'hit-ratio', state: 'raised', value: 0, threshold: 0.7 }]);
    expect(await metrics.text()).toContain('nestjs_roost_alert_active{alert="hit-ratio"} 1');

    await cache.set(['1'], 'value');
    clock.advance('6m');
    for (let i = 0; i < 100; i += 1) await cache.get('1');
    expect(await alerts.evaluate()).toHaveLength(1);
    unsubscribe('nestjs-roost:alert', hear);
    expect(alerts.active).toEqual([]);
    expect(heard).toEqual(['hit-ratio raised', 'hit-ratio cleared']);
    expect(published).toMatchObject([
      { namespace: 'test', name: 'hit-ratio', state: 'raised' },
      { namespace: 'test', state: 'cleared' },
    ]);
    const text = await metrics.text();
    expect(text).toContain('nestjs_roost_alert_active{alert="hit-ratio"} 0');
    expect(text).toContain('nestjs_roost_alerts_raised_total{alert="hit-ratio"} 1');
    const about = 'Share of reads that were answered without loading, in 5 minutes';
    expect(warn.mock.calls).toEqual([[`Alert hit-ratio raised: ${about} is 0, threshold 0.7`]]);
    expect(log.mock.calls).toEqual([[`Alert hit-ratio cleared: ${about} is 1, threshold 0.75`]]);
  });

  it('judges by the operations of the last minute, however often it is evaluated by hand', async () => {
    const { alerts, service } = await start();
    const fail = () => service.tell('redis', { operation: 'get', duration: 1, result: 'failed' });
    for (let i = 0; i < 20; i += 1) {
      fail();
      await alerts.evaluate();
    }
    expect(alerts.active).toMatchObject([{ name: 'errors', value: 1 }]);
    for (let i = 0; i < 10; i += 1) await alerts.evaluate();
    service.tell('redis', { operation: 'get', duration: 1, result: 'ok' });
    expect(await alerts.evaluate()).toEqual([]);
    expect(alerts.active).toHaveLength(1);
  });

  it('is raised once in the metrics of two applications that share them', async () => {
    const registry = new Registry();
    const always = { name: 'own', summary: 'x', above: 0, measure: () => 1 };
    const first = await start({ rules: [always] }, registry);
    const firstApp = app!;
    const second = await start({ rules: [always] }, registry);
    await first.alerts.evaluate();
    await second.alerts.evaluate();
    const text = await second.metrics.text();
    expect(text).toContain('nestjs_roost_alert_active{alert="own"} 1');
    await firstApp.close();
    const after = await second.metrics.text();
    expect(after).toContain('nestjs_roost_alerts_raised_total{alert="own"} 2');
  });

  it('says nothing of a ratio of a few reads, nor of a Redis that there is not', async () => {
    const { alerts, service } = await start();
    for (let i = 0; i < 99; i += 1) await service.cache(bots).get('1');
    expect(await alerts.evaluate()).toEqual([]);
  });

  it('evaluates on its interval, without keeping the process alive, until the end', async () => {
    const timers = jest.spyOn(globalThis, 'setInterval');
    const cleared = jest.spyOn(globalThis, 'clearInterval');
    let evaluations = 0;
    const rule = { name: 'own', summary: 'x', above: 1, measure: () => (evaluations += 1) };
    await start({ interval: '20s', rules: [rule] });
    const [[tick, ms] = []] = timers.mock.calls.filter(([, each]) => each === 20_000);
    const timer = timers.mock.results[timers.mock.calls.findIndex(([, each]) => each === 20_000)]!
      .value as NodeJS.Timeout;
    expect(ms).toBe(20_000);
    expect(timer.hasRef()).toBe(false);
    (tick as () => void)();
    await new Promise(setImmediate);
    expect(evaluations).toBe(1);
    await app!.close();
    app = undefined;
    expect(cleared.mock.calls).toContainEqual([timer]);
  });

  it('leaves out what is false', () => {
    const off = {
      hitRatio: false,
      memory: false,
      responseTime: false,
      errors: false,
      disconnected: false,
    } as const;
    expect(defaultRules(off)).toEqual([]);
    expect(defaultRules({}).map(({ name, above, below, clear }) => [name, below ?? above, clear])).toEqual([
      ['hit-ratio', 0.7, 0.75],
      ['memory', 0.8, 0.75],
      ['response-time', 1000, 800],
      ['errors', 0.05, 0.02],
      ['disconnected', 5000, 0],
    ]);
  });

  it.each<[object, string]>([
    [{ hitRatios: false }, 'Expected options of CacheAlertsModule among `interval`'],
    [{ memory: { over: 1 } }, '`memory.over`'],
    [{ memory: null }, '`memory`'],
    [{ interval: 'soon' }, '`interval` of CacheAlertsModule'],
    [{ interval: '30d' }, '`interval` of CacheAlertsModule to be at most 2147483647 ms'],
    [{ hitRatio: { below: 0.9, clear: 0.8 } }, 'good side'],
    [{ rules: [{ name: 'memory', summary: '', above: 1, measure: () => 1 }] }, 'another one'],
  ])('refuses %j', async (options, message) => {
    await expect(start(options as CacheAlertsOptions)).rejects.toThrow(message);
  });

  describe('its rules', () => {
    const figures = { hits: 0, stale: 0, misses: 0, l2Hits: 0, l2Stale: 0, waitMs: 0 };
    const factsOf = (facts: object): AlertFacts =>
      ({
        statistics: { caches: {}, l1: {} },
        operations: { total: 0, failed: 0 },
        now: 100_000,
        ...facts,
      }) as AlertFacts;
    const recent = (window: string, values: object) => ({
      statistics: { caches: { a: { recent: { [window]: { ...figures, ...values } } } } },
    });
    const measure = (name: string, facts: object) =>
      defaultRules({})
        .find((rule) => rule.name === name)!
        .measure(factsOf(facts));

    it('take the average of what memory could not answer', () => {
      const facts = (misses: number) => recent('1m', { misses, l2Hits: 5, hits: 1000, waitMs: 30_000 });
      expect(measure('response-time', facts(4))).toBeUndefined();
      expect(measure('response-time', facts(10))).toBe(2000);
    });

    it('take the share of operations that failed', () => {
      expect(measure('errors', { operations: { total: 19, failed: 19 } })).toBeUndefined();
      expect(measure('errors', { operations: { total: 20, failed: 5 } })).toBe(0.25);
    });

    it('take what Redis uses of what it may use, if it tells', () => {
      expect(measure('memory', { redis: { memory: { share: 0.9 } } })).toBe(0.9);
      expect(measure('memory', { redis: { missing: ['memory'] } })).toBeUndefined();
      expect(measure('memory', {})).toBeUndefined();
    });

    it('take how long Redis is away, and wait that long before they believe that it is back', () => {
      const status = (state: string, ago: number) => ({
        status: { connection: { state, since: 100_000 - ago } },
      });
      expect(measure('disconnected', {})).toBeUndefined();
      expect(measure('disconnected', status('lost', 3000))).toBe(3000);
      expect(measure('disconnected', status('ready', 3000))).toBeUndefined();
      expect(measure('disconnected', status('ready', 5000))).toBe(0);
    });
  });
});
