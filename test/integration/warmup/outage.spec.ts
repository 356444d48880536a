import { Injectable } from '@nestjs/common';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';
import { Bots, botsCache, database, IDS, WarmupFleet } from './support/warmup-fleet.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'warmup.outage': string;
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
  const fleet = new WarmupFleet('outage');

  const start = (lease: '500ms' | '1m') => fleet.start([Warmups, OnEvent], { deadline: 100, lease });

  it('that is due then is run by one instance when it answers, though the first question came late', async () => {
    const [one, two] = [await start('1m'), await start('1m')];
    fleet.server.freeze();
    one.tick('hourly');
    two.tick('hourly');
    // Nest has one logger: that of the last application.
    await two.hasSaid('Warmup hourly waits for Redis', 2);
    fleet.server.thaw();
    await Promise.race([one.when('finished'), two.when('finished')]);
    await Promise.race([one.when('skipped'), two.when('skipped')]);
    expect([one, two].flatMap((app) => app.warmups.status()[0]!.last)).toMatchObject([
      { outcome: 'done', done: 12 },
    ]);
    expect(await fleet.admin.exists(`${fleet.namespace}~warmup:{hourly}:lease`)).toBe(0);
  });

  it('stops, loads nothing, and goes on when it is back', async () => {
    const app = await start('500ms');
    const hold = fleet.holdNext();
    app.tick('hourly');
    await hold.begun;
    await fleet.server.kill();
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
    await fleet.server.restart();
    expect(await done).toMatchObject({ trigger: 'schedule', done: 12, failed: 0 });
  });

  it('on an event begins when it is back, and goes on with the one that it has interrupted', async () => {
    const app = await start('500ms');
    const hold = fleet.holdNext();
    await app.caches.emit('warmup.outage', 'under way');
    await hold.begun;
    await fleet.server.kill();
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
    await fleet.server.restart();
    await done;
    expect(app.get(OnEvent).asked).toBe(asked + waitingEvents);
    for (const id of IDS) expect(await app.caches.cache(botsCache).get(id)).toBe(id);
  });

  it('that is wanted by hand is skipped when it stays away for a lease', async () => {
    const app = await start('500ms');
    await fleet.server.kill();
    expect(await app.warmups.run('hourly')).toMatchObject({
      outcome: 'skipped',
      reason: 'Redis can’t be reached, so nothing would be stored',
    });
    expect(database.loads).toEqual([]);
    expect(app.told.at(-1)).toMatch(/^warn Warmup hourly is skipped: Redis/);
    await fleet.server.restart();
    await fleet.admin.ping();
  });
});
