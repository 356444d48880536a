import { Injectable } from '@nestjs/common';
import { Cacheable, CacheService, defineCache, key } from 'nestjs-roost';
import { CacheWarmup, warm, WarmupService, type Warmup, type WarmupRun } from 'nestjs-roost/warmup';
import { Gate } from '../../support/engine.js';
import { useWarmupApps } from './support/warmup-app.js';

const details = defineCache({ name: 'details', key: (id: string) => key`bot:${id}:details`, ttl: '5m' });
const stats = defineCache({ name: 'stats', key: (id: string) => key`bot:${id}:stats`, ttl: '1m' });

@Injectable()
class Bots {
  readonly loads: string[] = [];
  readonly failing = new Set<string>();

  @Cacheable(details)
  async details(id: string): Promise<string> {
    if (this.failing.has(id)) throw new Error(`no such bot: ${id}`);
    this.loads.push(`details ${id}`);
    return `details of ${id} with ${await this.stats(id)}`;
  }

  @Cacheable(stats)
  async stats(id: string): Promise<string> {
    this.loads.push(`stats ${id}`);
    return `stats of ${id}`;
  }

  get loaded(): string[] {
    return this.loads.splice(0).toSorted();
  }
}

/** What each warmup does is up to the test. */
@Injectable()
class Warmups {
  items: () => ReturnType<Warmups['hour']> = () => warm([], () => undefined);
  night: () => Warmup = () => warm([], () => undefined);

  constructor(readonly bots: Bots) {}

  @CacheWarmup({ name: 'hourly', cron: '0 * * * *', retryDelay: 1, retries: 1, mode: 'refresh' })
  hour(_run?: WarmupRun): Warmup | Promise<Warmup> {
    return this.items();
  }

  @CacheWarmup({ name: 'filling', mode: 'fill', every: '30m', priority: 'low' })
  fill(): Warmup {
    return this.night();
  }
}

describe('a warmup', () => {
  const { start } = useWarmupApps();
  const begin = async (items: Warmups['items'], ...more: Partial<Parameters<typeof start>>[1][]) => {
    const app = await start([Bots, Warmups], more[0]);
    const [bots, warmups] = [app.get(Bots), app.get(Warmups)];
    warmups.items = items;
    return { app, bots, warmups, run: () => app.warmups.run('hourly') };
  };
  const each = (app: { bots: Bots }) => (id: string) => app.bots.details(id);

  async function* pages() {
    yield '1';
    yield '2';
  }
  const kinds: [string, () => Parameters<typeof warm<string>>[0], number | undefined][] = [
    ['an array', () => ['1', '2'], 2],
    ['a set', () => new Set(['1', '2']), 2],
    ['an iterable', () => ['1', '2'].values(), undefined],
    ['an async iterable', pages, undefined],
    ['a promise of an array', () => Promise.resolve(['1', '2']), 2],
    ['a promise of an async iterable', () => Promise.resolve(pages()), undefined],
  ];

  it.each(kinds)('loads %s of items', async (_, items, total) => {
    const { app, bots, run } = await begin(() => warm(items(), (id) => bots.details(id)));
    expect(await run()).toMatchObject({ outcome: 'done', trigger: 'hand', done: 2, failed: 0, total });
    expect(bots.loaded).toEqual(['details 1', 'details 2', 'stats 1', 'stats 2']);
    expect(await bots.details('1')).toBe('details of 1 with stats of 1');
    expect(bots.loaded).toEqual([]);
    expect(app.told.filter((line) => !line.includes('%'))).toEqual([
      `log Warmup hourly begins${total === undefined ? '' : ': 2 items'}`,
      expect.stringMatching(/^log Warmup hourly is done after .* s: 2 done, 0 failed$/),
    ]);
  });

  it('loads anew what its items read, and not what their loaders read', async () => {
    const { bots, run } = await begin(() => warm(['1'], each({ bots })));
    await bots.details('1');
    expect(bots.loaded).toEqual(['details 1', 'stats 1']);
    await run();
    expect(bots.loaded).toEqual(['details 1']);
  });

  it('reads as ever where it asks for its items', async () => {
    const { bots, run } = await begin(async () => {
      await bots.stats('1');
      return warm(['2'], (id) => bots.stats(id));
    });
    await bots.stats('1');
    await run();
    expect(bots.loaded).toEqual(['stats 1', 'stats 2']);
  });

  it('that fills loads what is missing, and leaves the rest', async () => {
    const { app, bots, warmups } = await begin(() => warm([], () => undefined));
    warmups.night = () => warm(['1', '2'], (id) => bots.stats(id));
    await bots.stats('1');
    bots.loads.length = 0;
    await app.warmups.run('filling');
    expect(bots.loaded).toEqual(['stats 2']);
  });

  it('goes through all items though some of them fail, and tells of no key and no value', async () => {
    const { app, bots, run } = await begin(() => warm(['1', 'secret', '3'], each({ bots })));
    bots.failing.add('secret');
    expect(await run()).toMatchObject({ outcome: 'done', done: 2, failed: 1 });
    expect(app.lines.join('\n')).not.toContain('secret');
    expect(app.told.at(-1)).toMatch(/^warn Warmup hourly is done after .*: 2 done, 1 failed$/);
    expect(app.lines.filter((line) => line.includes('call went on without it: warmup hourly'))).toHaveLength(
      1,
    );
  });

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['returns something else', () => ['1'] as never],
    ['promises something else', () => warm(Promise.resolve(42 as never), () => undefined) as never],
  ])('whose method %s has failed, and the next one has not', async (_, items) => {
    const { app, run } = await begin(items);
    expect(await run()).toMatchObject({ outcome: 'failed', done: 0, reason: 'its method gave no items' });
    expect(await app.warmups.run('filling')).toMatchObject({ outcome: 'done' });
    expect(app.told.find((line) => line.startsWith('warn'))).toMatch(/hourly has failed/);
  });

  it('whose items break off has failed, and says so', async () => {
    const broken = async function* () {
      yield '1';
      throw new Error('the cursor is gone');
    };
    const { run } = await begin(() => warm(broken(), () => undefined));
    expect(await run()).toMatchObject({ outcome: 'failed', done: 1, reason: 'its items broke off' });
  });

  it('never overlaps itself: who runs it by hand joins, and what is due is skipped', async () => {
    const hold = new Gate<void>();
    let calls = 0;
    const { app, run } = await begin(() => {
      calls += 1;
      return warm(['1'], () => hold.promise);
    });
    const both = [run(), run()];
    app.tick('hourly');
    expect(await app.when('skipped')).toMatchObject({
      trigger: 'schedule',
      reason: 'it is under way already',
    });
    hold.resolve();
    const [one, two] = await Promise.all(both);
    expect(one).toBe(two);
    expect(calls).toBe(1);
  });

  it('of higher priority gets in between', async () => {
    const order: string[] = [];
    const { app, warmups, run } = await begin(() => warm(['a', 'b'], (item) => void order.push(item)));
    const [hold, under] = [new Gate<void>(), new Gate<void>()];
    const ids = Array.from({ length: 12 }, (_, i) => String(i));
    warmups.night = () =>
      warm(ids, (id) => {
        order.push(id);
        if (id === '4') under.resolve();
        return hold.promise;
      });
    const low = app.warmups.run('filling');
    await under.promise;
    const medium = run();
    hold.resolve();
    await Promise.all([low, medium]);
    // Those that were under way, the medium one, the rest.
    expect(order.slice(0, 8)).toEqual(['0', '1', '2', '3', '4', 'a', 'b', '5']);
    expect(order).toHaveLength(14);
  });

  it('belongs to nobody’s transaction', async () => {
    const { app, bots, run } = await begin(() => warm(['1'], (id) => bots.stats(id)));
    await app.caches.transaction(run);
    bots.loads.length = 0;
    await bots.stats('1');
    expect(bots.loaded).toEqual([]);
  });

  describe('tells how it stands', () => {
    it('while it runs and afterwards, the latest result first', async () => {
      const holds = [new Gate<void>(), new Gate<void>()];
      const { app, run } = await begin(() => warm([0, 1], (i) => holds[i]!.promise), {
        warmup: { history: 2 },
      });
      const status = () => app.warmups.status().find(({ name }) => name === 'hourly')!;
      expect(status()).toMatchObject({
        ...{ priority: 'medium', mode: 'refresh', schedule: { cron: '0 * * * *' }, on: undefined },
        ...{ state: 'idle', progress: undefined, waitingEvents: 0, last: [] },
      });
      expect(status().next).toBe(Math.ceil((Date.now() + 1) / 3_600_000) * 3_600_000);
      const running = run();
      await app.when('started');
      holds[0]!.resolve();
      await app.when('progress');
      expect(status()).toMatchObject({ state: 'running', progress: { done: 1, failed: 0, total: 2 } });
      holds[1]!.resolve();
      const first = await running;
      expect(status()).toMatchObject({ state: 'idle', progress: undefined });
      await run();
      const third = await run();
      expect(status().last[0]).toBe(third);
      expect(status().last).toHaveLength(2);
      expect(status().last).not.toContain(first);
    });

    it('by events, and by lines for each tenth', async () => {
      const { app, run } = await begin(() => warm(Array.from({ length: 20 }), () => undefined));
      await run();
      const [first, ...others] = app.events;
      expect(first).toEqual({
        ...{ warmup: 'hourly', kind: 'started', trigger: 'hand', done: 0, failed: 0, total: 20 },
        duration: expect.any(Number) as number,
      });
      expect(others.map(({ kind, done }) => `${kind} ${done}`)).toEqual([
        ...[2, 4, 6, 8, 10, 12, 14, 16, 18].map((done) => `progress ${done}`),
        'finished 20',
      ]);
      expect(others.at(-1)).toMatchObject({ outcome: 'done' });
      expect(app.told[1]).toMatch(
        /^log Warmup hourly: 2 \(10 %\) of 20, 0 failed, [\d.]+ per second, [\d.]+ s left$/,
      );
      expect(app.told).toHaveLength(11);
    });

    it('whatever its listeners do', async () => {
      const { app, run } = await begin(() => warm(['1'], () => undefined));
      app.warmups.subscribe(() => {
        throw new Error('listener');
      });
      expect(await run()).toMatchObject({ outcome: 'done', done: 1 });
    });

    it('and what there is, when its name is none', async () => {
      const { app } = await begin(() => warm([], () => undefined));
      await expect(app.warmups.run('hurly')).rejects.toThrow(/which are `hourly`, `filling`, got `hurly`/);
    });
  });

  describe('on a schedule', () => {
    it('is in Nest’s registry, where it can be stopped', async () => {
      const { app } = await begin(() => warm([], () => undefined));
      expect([...app.registry.getCronJobs().keys()]).toEqual(['cache-warmup:hourly']);
      expect(app.registry.getIntervals()).toEqual(['cache-warmup:filling']);
      app.registry.deleteInterval('cache-warmup:filling');
      void app.registry.getCronJob('cache-warmup:hourly').stop();
      expect(app.warmups.status().map(({ next }) => next)).toEqual([undefined, undefined]);
    });

    it('runs when its time has come', async () => {
      const { app, bots } = await begin(() => warm(['1'], (id) => bots.stats(id)));
      app.tick('hourly');
      expect(await app.when('finished')).toMatchObject({ trigger: 'schedule', done: 1 });
    });

    it('does nothing by itself where the module is not enabled', async () => {
      const { app, run } = await begin(() => warm(['1'], () => undefined), {
        warmup: { enabled: false },
        imports: [],
      });
      expect(app.warmups.status().map(({ next }) => next)).toEqual([undefined, undefined]);
      expect(await run()).toMatchObject({ done: 1 });
    });
  });

  describe('at start', () => {
    const hold = { current: new Gate<void>() };

    @Injectable()
    class Background {
      constructor(readonly caches: CacheService) {}

      @CacheWarmup({ name: 'background', onBoot: true })
      items(): Warmup {
        return warm(['1'], () => hold.current.promise);
      }
    }

    @Injectable()
    class Waiting {
      constructor(readonly warmups: WarmupService) {}

      @CacheWarmup({ name: 'waiting', onBoot: 'wait' })
      items(): Warmup {
        return warm(['1'], () => hold.current.promise);
      }
    }

    beforeEach(() => {
      hold.current = new Gate();
    });

    it('holds nothing up', async () => {
      const app = await start([Background]);
      expect(app.warmups.status()[0]).toMatchObject({ state: 'running' });
      hold.current.resolve();
      expect(await app.when('finished')).toMatchObject({ trigger: 'boot', done: 1 });
    });

    it('is waited for where the application says so', async () => {
      const { make } = apps;
      const app = await make([Waiting]);
      let isUp = false;
      const starting = app.module.init().then(() => (isUp = true));
      await app.when('started');
      expect(isUp).toBe(false);
      hold.current.resolve();
      await starting;
      expect(app.warmups.status()[0]?.last).toMatchObject([{ outcome: 'done', trigger: 'boot' }]);
    });

    const apps = useWarmupApps();
  });
});
