import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CacheService } from '../../../src/cache.service.js';
import type { OutageQueue } from '../../../src/resilience/outage-queue.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

/** So long that a busy machine is not silent. */
const DEADLINE_MS = 1_000;

describe('with a Redis that is silent for a moment', () => {
  let server: RedisServer;
  let engine: EngineUnderTest;
  let states: string[];
  let logged: string[];
  let onState: (state: string) => void;
  /** How often the switches were asked for because the breaker had closed. */
  let syncs: number;

  beforeEach(async () => {
    server = await startRedisServer();
    engine = await startEngine({ redis: { url: server.url, deadline: DEADLINE_MS } });
    [states, logged, onState] = [[], [], () => undefined];
    // The bus asks for them, too, when it is back.
    const { mock } = jest.spyOn(engine.runtime.redis!.switches, 'sync');
    engine.runtime.events.of('breaker').subscribe(({ state }) => {
      states.push(state);
      onState(state);
      const before = mock.calls.length;
      queueMicrotask(() => (syncs = mock.calls.length - before));
    });
    for (const level of ['log', 'warn'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((line: string) => void logged.push(line));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await engine.runtime.close();
    await server.stop();
  });

  const isClosed = () => states.at(-1) === 'closed';
  const breakerLines = () => logged.filter((line) => line.startsWith('Redis '));
  /** One call finds out; from then on none waits. */
  const freeze = async (work: () => Promise<unknown>) => {
    server.freeze();
    await work();
    expect(new CacheService(engine.runtime).status()!.breaker.state).not.toBe('closed');
  };

  it.each([
    ['reads use', 1],
    ['many reads that share a command use', 20],
  ])('%s it again as soon as it answers, and the log keeps quiet', async (_, count) => {
    const cache = engine.cache<string>({ l1: false });
    const keys = Array.from({ length: count }, (__, i) => [`${i + 1}`] as const);
    await cache.set(['1'], 'stored');
    onState = (state) => {
      if (state === 'half-open') server.thaw();
    };
    server.freeze();
    expect(await cache.getMany(keys)).toEqual(keys.map(() => undefined));
    await until(isClosed);
    expect(await cache.get('1')).toBe('stored');
    expect(states).toEqual(['half-open', 'closed']);
    expect(breakerLines()).toEqual([]);
  });

  it('switches are not asked for, which may be what is silent next', async () => {
    const cache = engine.cache<string>({ l1: false });
    onState = (state) => {
      if (state === 'half-open') server.thaw();
    };
    server.freeze();
    await cache.get('1');
    await until(isClosed);
    expect(syncs).toBe(0);
  });

  it('the log has a line when that lasts, and one when it is over', async () => {
    const cache = engine.cache<string>();
    onState = (state) => {
      if (state === 'open') server.thaw();
    };
    await freeze(() => cache.get('1'));
    await until(isClosed);
    expect(breakerLines()).toEqual([
      expect.stringMatching('fails too often'),
      expect.stringMatching('answers again'),
    ]);
    expect(syncs).toBeGreaterThan(0);
  });

  it('evictions are carried out as soon as it answers, and wait for no call', async () => {
    const { guard } = engine.runtime.redis!;
    const { queue } = guard as unknown as { queue: OutageQueue };
    const cache = engine.cache<string>({ l1: false });
    await cache.set(['1'], 'old');
    let isCarriedOut: boolean | undefined;
    onState = (state) => {
      if (state === 'closed') queueMicrotask(() => (isCarriedOut = queue.isBlocking));
    };
    await freeze(() => cache.evict('1'));
    expect(guard.queued).toBe(1);
    server.thaw();
    await until(isClosed);
    expect(isCarriedOut).toBe(true);
    await until(() => guard.queued === 0);
    expect(await cache.get('1')).toBeUndefined();
  });
});
