import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Cacheable, defineCache, key } from 'nestjs-roost';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';
import { Gate } from '../../support/engine.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { WarmupApp } from './support/warmup-app.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'warmup.outage': string;
  }
}

const IDS = Array.from({ length: 12 }, (_, i) => String(i));
const botsCache = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });
const database = { loads: [] as string[], load: (id: string): unknown => id };

@Injectable()
class Bots {
  @Cacheable(botsCache)
  async find(id: string): Promise<unknown> {
    database.loads.push(id);
    return database.load(id);
  }
}

@Injectable()
class Warmups {
  constructor(readonly bots: Bots) {}

  @CacheWarmup({ name: 'hourly', cron: '0 * * * *', concurrency: 2, retries: 0 })
  hourly(): Warmup {
    return warm(IDS, (id) => this.bots.find(id));
  }
}

@Injectable()
class OnEvent {
  asked = 0;

  constructor(readonly bots: Bots) {}

  @CacheWarmup({ name: 'event', on: 'warmup.outage', retries: 0 })
  event(id: string): Warmup {
    this.asked += 1;
    return warm([id], (one) => this.bots.find(one));
  }
}

describe('a warmup, while Redis is away', () => {
  let server: RedisServer;
  let admin: Redis;
  let namespace: string;
  let namespaces = 0;
  let apps: WarmupApp[];

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url, { retryStrategy: () => 50 });
    admin.on('error', () => undefined);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  beforeEach(() => {
    namespace = `outage:${(namespaces += 1)}`;
    apps = [];
    database.loads = [];
    database.load = (id) => id;
  });

  afterEach(async () => {
    await Promise.all(apps.map(({ module }) => module.close()));
  });

  const start = async (lease: '500ms' | '1m') => {
    const app = await WarmupApp.make([Bots, Warmups, OnEvent], {
      cache: { namespace, redis: { url: server.url, deadline: 100 } },
      warmup: { lease, shutdownDeadline: '1m' },
    });
    apps.push(app);
    await app.module.init();
    return app;
  };
  const holdNext = () => {
    const [begun, hold] = [new Gate<void>(), new Gate<void>()];
    database.load = (id) => {
      begun.resolve();
      return hold.promise.then(() => id);
    };
    return { begun: begun.promise, release: () => hold.resolve() };
  };

  it('that is due then is run by one instance when it answers, though the first question came late', async () => {
    const [one, two] = [await start('1m'), await start('1m')];
    server.freeze();
    one.tick('hourly');
    two.tick('hourly');
    // Nest has one logger: that of the last application.
    await two.hasSaid('Warmup hourly waits for Redis', 2);
    server.thaw();
    await Promise.race([one.when('finished'), two.when('finished')]);
    await Promise.race([one.when('skipped'), two.when('skipped')]);
    expect([one, two].flatMap((app) => app.warmups.status()[0]!.last)).toMatchObject([
      { outcome: 'done', done: 12 },
    ]);
    expect(await admin.exists(`${namespace}~warmup:{hourly}:lease`)).toBe(0);
  });

  it('stops, loads nothing, and goes on when it is back', async () => {
    const app = await start('500ms');
    const hold = holdNext();
    app.tick('hourly');
    await hold.begun;
    await server.kill();
    hold.release();
    expect(await app.when('finished')).toMatchObject({
      outcome: 'stopped',
      reason: 'Redis can’t be reached',
    });
    const loaded = database.loads.length;
    expect(loaded).toBeLessThan(12);
    await app.hasSaid('Warmup hourly waits for Redis');
    expect(database.loads).toHaveLength(loaded);
    const done = new Promise((resolve) =>
      app.warmups.subscribe((event) => {
        if (event.kind === 'finished' && event.outcome === 'done') resolve(event);
      }),
    );
    await server.restart();
    expect(await done).toMatchObject({ trigger: 'schedule', done: 12, failed: 0 });
  });

  it('on an event begins when it is back, and goes on with the one that it has interrupted', async () => {
    const app = await start('500ms');
    const hold = holdNext();
    await app.caches.emit('warmup.outage', 'under way');
    await hold.begun;
    await server.kill();
    const waiting = IDS.map((id) => app.caches.emit('warmup.outage', id));
    await Promise.all([...waiting, app.caches.emit('warmup.outage', '3')]);
    database.load = (id) => id;
    hold.release();
    await app.hasSaid('Warmup event waits for Redis');
    const asked = app.get(OnEvent).asked;
    expect(asked).toBeLessThan(10);
    const { state, waitingEvents } = app.warmups.status()[1]!;
    expect(state).toBe('waiting');
    expect(waitingEvents).toBeGreaterThanOrEqual(12);
    expect(await app.warmups.run('event', 'by hand')).toMatchObject({ outcome: 'skipped' });
    const done = new Promise<void>((resolve) =>
      app.warmups.subscribe((event) => {
        if (event.kind === 'finished' && event.outcome === 'done') resolve();
      }),
    );
    await server.restart();
    await done;
    expect(app.get(OnEvent).asked).toBe(asked + waitingEvents);
    for (const id of IDS) expect(await app.caches.cache(botsCache).get(id)).toBe(id);
  });

  it('that is wanted by hand is skipped when it stays away for a lease', async () => {
    const app = await start('500ms');
    await server.kill();
    expect(await app.warmups.run('hourly')).toMatchObject({
      outcome: 'skipped',
      reason: 'Redis can’t be reached, so nothing would be stored',
    });
    expect(database.loads).toEqual([]);
    expect(app.told.at(-1)).toMatch(/^warn Warmup hourly is skipped: Redis/);
    await server.restart();
    await admin.ping();
  });
});
