import { Injectable } from '@nestjs/common';
import { CacheService } from 'nestjs-roost';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';
import { RedisJobLeases } from '../../../src/stores/redis/redis-job-leases.js';
import { RedisKeys } from '../../../src/stores/redis/redis-keys.js';
import { Gate } from '../../support/engine.js';
import type { WarmupApp } from './support/warmup-app.js';
import { Bots, botsCache, database, IDS, WarmupFleet } from './support/warmup-fleet.js';

@Injectable()
class Warmups {
  each: (signal: AbortSignal) => void = () => undefined;

  constructor(readonly bots: Bots) {}

  @CacheWarmup({ name: 'hourly', cron: '0 * * * *', concurrency: 2, retries: 0 })
  hourly(): Warmup {
    return warm(IDS, (id, { signal }) => {
      this.each(signal);
      return this.bots.find(id);
    });
  }
}

@Injectable()
class AtStart {
  constructor(readonly bots: Bots) {}

  @CacheWarmup({ name: 'at-start', onBoot: 'wait', concurrency: 2 })
  atStart(): Warmup {
    return warm(IDS, (id) => this.bots.find(id));
  }
}

describe('instances on one Redis', () => {
  const fleet = new WarmupFleet('warmups');

  type Providers = Parameters<WarmupFleet['start']>[0];
  const startWith = (lease: '500ms' | '5m', ...providers: Providers) =>
    fleet.start(providers.length === 0 ? [Warmups] : providers, { deadline: 2_000, lease });
  const start = (...providers: Providers) => startWith('500ms', ...providers);
  /** What was loaded just before a run began is left by it; by how much, the clocks of two instances may differ. */
  const forget = ({ module }: WarmupApp) => module.get(CacheService).cache(botsCache).clear();
  const leaseKey = () => `${fleet.namespace}~warmup:{hourly}:lease`;

  it('run a warmup once, and load each item once, when its time has come for all of them', async () => {
    const [one, two] = [await start(), await start()];
    one.tick('hourly');
    two.tick('hourly');
    const [leader, other] = await Promise.race([
      one.when('finished').then(() => [one, two] as const),
      two.when('finished').then(() => [two, one] as const),
    ]);
    expect(await other.when('skipped')).toMatchObject({ reason: 'it has been run elsewhere' });
    expect(database.loads.toSorted()).toEqual(IDS.toSorted());
    expect(leader.warmups.status()[0]?.last).toMatchObject([{ outcome: 'done', done: 12 }]);
    expect(other.warmups.status()[0]).toMatchObject({ state: 'idle', last: [] });
    expect(await other.caches.cache(botsCache).get('3')).toBe('3');
  });

  it('do not run again what was run when the timer of one fires late, and run the next', async () => {
    const [one, two] = [await start(), await start()];
    one.tick('hourly');
    await one.when('finished');
    two.tick('hourly');
    expect(await two.when('skipped')).toMatchObject({ reason: 'it has been run elsewhere' });
    expect(database.loads).toHaveLength(12);
    await forget(two);
    two.tick('hourly');
    expect(await two.when('finished')).toMatchObject({ done: 12 });
    expect(database.loads).toHaveLength(24);
  });

  it('that start one after the other warm once, and each waits until it is warm', async () => {
    const hold = fleet.holdNext();
    const starting = [start(AtStart), start(AtStart)];
    await hold.begun;
    hold.release();
    const [one, two] = await Promise.all(starting);
    const three = await start(AtStart);
    expect(database.loads).toHaveLength(12);
    expect([one, two, three].flatMap((app) => app!.warmups.status()[0]!.last)).toMatchObject([{ done: 12 }]);
  });

  it('that start wait for one that somebody runs by hand', async () => {
    const one = await start(AtStart);
    const hold = fleet.holdNext();
    const running = one.warmups.run('at-start');
    await hold.begun;
    const two = await fleet.make([AtStart], { deadline: 2_000 });
    await fleet.admin.del(`${fleet.namespace}~warmup:{at-start}`);
    let isUp = false;
    const starting = two.module.init().then(() => (isUp = true));
    while (two.warmups.status()[0]?.state !== 'elsewhere') {
      expect(isUp).toBe(false);
      await new Promise((resolve) => setImmediate(resolve));
    }
    hold.release();
    expect(await running).toMatchObject({ outcome: 'done' });
    await starting;
    expect(two.warmups.status()[0]?.last).toMatchObject([{ outcome: 'done', done: 12 }]);
  });

  it('run by hand what was run already, but not what another one runs', async () => {
    const [one, two] = [await start(), await start()];
    one.tick('hourly');
    await one.when('finished');
    await forget(two);
    const hold = fleet.holdNext();
    const running = two.warmups.run('hourly');
    await hold.begun;
    expect(await one.warmups.run('hourly')).toMatchObject({
      outcome: 'skipped',
      reason: 'another instance runs it',
    });
    hold.release();
    expect(await running).toMatchObject({ outcome: 'done', done: 12 });
    expect(database.loads).toHaveLength(24);
    // What is run by hand is nobody's turn.
    one.tick('hourly');
    await one.when('started');
  });

  it('go on at once where one of them has ended, without loading again what it has loaded', async () => {
    const [one, two] = [await startWith('5m'), await startWith('5m')];
    const hold = new Gate<void>();
    const fifth = new Gate<void>();
    database.load = (id) => {
      if (id !== '4') return id;
      fifth.resolve();
      return hold.promise.then(() => id);
    };
    one.tick('hourly');
    await fifth.promise;
    two.tick('hourly');
    while (two.warmups.status()[0]?.state !== 'elsewhere') await new Promise((go) => setImmediate(go));
    const closing = one.module.close();
    hold.resolve();
    await closing;
    expect(one.warmups.status()[0]?.last).toMatchObject([{ outcome: 'stopped' }]);
    expect(await two.when('finished')).toMatchObject({ outcome: 'done', done: 12 });
    expect(database.loads.toSorted()).toEqual(IDS.toSorted());
  });

  it('keep the lease while they run, and stop when it is lost', async () => {
    const app = await start();
    const hold = new Gate<void>();
    const told = new Promise<void>((resolve) => {
      app.get(Warmups).each = (signal) => signal.addEventListener('abort', () => resolve());
    });
    const begun = new Promise<void>((resolve) => {
      database.load = (id) => {
        resolve();
        return hold.promise.then(() => id);
      };
    });
    app.tick('hourly');
    await begun;
    const token = await fleet.admin.get(leaseKey());
    // Longer than it would live by itself: two renewals at least.
    while ((await fleet.admin.pttl(leaseKey())) > 400) await new Promise((resolve) => setImmediate(resolve));
    while ((await fleet.admin.pttl(leaseKey())) <= 400) await new Promise((resolve) => setImmediate(resolve));
    expect(await fleet.admin.get(leaseKey())).toBe(token);
    await fleet.admin.set(leaseKey(), 'somebody else', 'PX', 60_000);
    await told;
    hold.resolve();
    const finished = app.when('finished');
    expect(await finished).toMatchObject({ outcome: 'stopped', reason: 'another instance may run it' });
    expect(database.loads.length).toBeLessThan(12);
    expect(await fleet.admin.get(leaseKey())).toBe('somebody else');
  });

  it('leave nothing in Redis that has no end', async () => {
    const app = await start();
    await app.warmups.run('hourly');
    app.events.length = 0;
    const hold = fleet.holdNext();
    app.tick('hourly');
    await hold.begun;
    const names = await fleet.admin.keys(`${fleet.namespace}~warmup:*`);
    expect(names.toSorted()).toEqual([`${fleet.namespace}~warmup:{hourly}`, leaseKey()]);
    for (const name of names) expect(await fleet.admin.pttl(name)).toBeGreaterThan(0);
    hold.release();
    await app.when('finished');
    expect(await fleet.admin.exists(leaseKey())).toBe(0);
  });

  describe('the right to run a job', () => {
    const leases = () => new RedisJobLeases(fleet.admin, new RedisKeys(fleet.namespace), (act) => act());
    const claim = (due: number | undefined, more: object = {}) =>
      leases().claim('job', {
        ...{ token: `token ${due}`, now: 1_000, leaseMs: 60_000, due, apart: 10, recordMs: 60_000 },
        ...more,
      });
    const end = (due: number | undefined, done: boolean) =>
      leases().end('job', { token: `token ${due}`, recordMs: 60_000, due }, done);

    it('is one instance’s', async () => {
      expect(await claim(500)).toEqual({ kind: 'granted', since: 1_000 });
      expect(await claim(505)).toEqual({ kind: 'held', forMs: expect.any(Number) as number });
      expect(await claim(511)).toEqual({ kind: 'busy' });
      expect(await claim(undefined)).toEqual({ kind: 'busy' });
      await end(505, true);
      expect(await claim(505)).toMatchObject({ kind: 'held' });
    });

    it('is nobody’s for a run that is done, or one that is due about then', async () => {
      await claim(500);
      await end(500, true);
      expect(await claim(500)).toEqual({ kind: 'done' });
      expect(await claim(510)).toEqual({ kind: 'done' });
      expect(await claim(490)).toEqual({ kind: 'done' });
      expect(await claim(511)).toEqual({ kind: 'granted', since: 1_000 });
    });

    it('goes on where it was when its holder is gone', async () => {
      await claim(500);
      await end(500, false);
      expect(await claim(505, { now: 2_000 })).toEqual({ kind: 'granted', since: 1_000 });
      await end(505, true);
      expect(await claim(520, { now: 3_000 })).toEqual({ kind: 'granted', since: 3_000 });
    });

    it('is granted again to who asks again with the same token', async () => {
      expect(await claim(500)).toEqual({ kind: 'granted', since: 1_000 });
      expect(await claim(500, { now: 2_000 })).toEqual({ kind: 'granted', since: 1_000 });
    });

    it('is still there for an interrupted run after one that somebody wanted in any case', async () => {
      await claim(500);
      await end(500, false);
      await claim(undefined, { now: 2_000 });
      await end(undefined, true);
      expect(await claim(500, { now: 3_000 })).toEqual({ kind: 'granted', since: 1_000 });
    });

    it('tells whether it holds', async () => {
      const keep = (token: string) => leases().keep('job', { token, leaseMs: 60_000, recordMs: 60_000 });
      expect(await keep('token 500')).toBe(false);
      await claim(500);
      expect(await keep('token 500')).toBe(true);
      expect(await keep('token 501')).toBe(false);
    });

    it('survives what a stranger has left under its names', async () => {
      await fleet.admin.rpush(`${fleet.namespace}~warmup:{job}`, 'stranger');
      await fleet.admin.rpush(`${fleet.namespace}~warmup:{job}:lease`, 'stranger');
      expect(await claim(500)).toMatchObject({ kind: 'granted' });
      await end(500, true);
      await fleet.admin.set(`${fleet.namespace}~warmup:{job}`, 'stranger');
      expect(await claim(500)).toMatchObject({ kind: 'granted' });
    });
  });
});
