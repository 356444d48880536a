import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache as CacheManager } from 'cache-manager';
import { CacheModule, CacheService } from 'nestjs-roost';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import { until } from '../support/redis-cluster.js';

Logger.overrideLogger(false);

/** More than the slack, so that a second one would show. */
const DEADLINE_MS = 500;
/** What a busy machine may add, milliseconds. */
const SLACK_MS = 400;
/** Enough for the breaker to judge. */
const MANY = 20;

describe('CACHE_MANAGER, while Redis', () => {
  const rows: string[] = [];
  let place: ServerPlace;
  let app: TestingModule;
  let manager: CacheManager;

  beforeEach(async () => {
    place = await serverPlace({ proxied: true });
    const redis = { ...place.redis(0), deadline: DEADLINE_MS };
    const imports = [CacheModule.forRoot({ namespace: 'faults', redis })];
    app = await Test.createTestingModule({ imports }).compile();
    await app.init();
    manager = app.get<CacheManager>(CACHE_MANAGER);
    await manager.set('key', 'before');
    expect(await manager.get('key')).toBe('before');
  });

  afterEach(async () => {
    await app.close();
    await place.stop();
  });

  afterAll(() => {
    const head = '| call of CACHE_MANAGER while Redis | took, ms |\n| --- | --- |';
    process.stdout.write(`\n${head}\n${rows.join('\n')}\n\n`);
  });

  const hangs: readonly (readonly [string, (at: ServerPlace) => unknown])[] = [
    ['hangs', ({ server }) => server.freeze()],
    ['is a black hole', ({ each }) => each((proxy) => proxy.set({ kind: 'black hole' }))],
    ['is gone', ({ server }) => server.kill()],
  ];
  const calls: readonly (readonly [string, () => Promise<unknown>, unknown, deadlines?: number])[] = [
    ['get', () => manager.get('key'), undefined],
    ['mget', () => manager.mget(['key', 'another']), [undefined, undefined]],
    ['set', () => manager.set('key', 'value'), 'value'],
    // Looks, loads and stores, one after the other: cache-manager waits for both, each once.
    ['wrap', () => manager.wrap('key', () => 'loaded'), 'loaded', 2],
    ['del', () => manager.del('key'), true],
    ['clear', () => manager.clear(), true],
    ['ttl', () => manager.ttl('key'), undefined],
  ];

  it.each(
    hangs.flatMap(([what, hang]) =>
      calls.map(([name, call, answer, deadlines = 1]) => ({ what, hang, name, call, answer, deadlines })),
    ),
  )(
    '$what: $name is answered within $deadlines deadline(s)',
    async ({ what, hang, name, call, answer, deadlines }) => {
      await hang(place);
      const since = performance.now();
      expect(await call()).toEqual(answer);
      const ms = performance.now() - since;
      rows.push(`| ${what}: ${name} | ${Math.round(ms)} |`);
      expect(ms).toBeLessThan(deadlines * DEADLINE_MS + SLACK_MS);
    },
  );

  it.each(hangs)(
    '%s, costs nothing when that has been noticed, and works again afterwards',
    async (_, hang) => {
      await hang(place);
      await Promise.all(Array.from({ length: MANY }, () => manager.get('key')));
      const { breaker, connection } = app.get(CacheService).status() ?? {};
      expect([breaker?.state, connection?.state]).not.toEqual(['closed', 'ready']);
      let loads = 0;
      const since = performance.now();
      for (let i = 0; i < MANY; i++) {
        expect(await manager.wrap('key', () => (loads += 1))).toBe(i + 1);
      }
      expect(performance.now() - since).toBeLessThan(DEADLINE_MS + SLACK_MS);

      if (!place.server.running) await place.server.launch();
      else place.server.thaw();
      place.each((proxy) => proxy.pass());
      await until(async () => {
        await manager.set('back', 'there');
        return (await manager.get('back')) === 'there';
      });
    },
  );
});
