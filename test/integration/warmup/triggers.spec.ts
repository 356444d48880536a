import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Cacheable, defineCache, key, tag } from 'nestjs-roost';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';
import { Gate } from '../../support/engine.js';
import { useWarmupApps } from './support/warmup-app.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'warmup.profile': { readonly phone: string };
    'warmup.bare': { readonly phone: string };
  }
}

const services = defineCache({
  name: 'services',
  key: (phone: string, service: string) => key`user_service:${phone}:${service}`,
  ttl: '1h',
  tags: (phone) => [tag`user:${phone}`],
});

/** As an astrology bot has it: what is shown to a user is calculated when the profile changes. */
@Injectable()
class Astrology {
  readonly calculated: string[] = [];
  readonly signs = new Map<string, string>();
  hold: Promise<void> | undefined;

  @Cacheable(services)
  async show(phone: string, service: string): Promise<string> {
    const sign = this.signs.get(phone) ?? 'unknown';
    await this.hold;
    this.calculated.push(`${phone} ${service}`);
    return `${service} of ${sign}`;
  }
}

@Injectable()
class Precalculation {
  asked = 0;
  failing = false;

  constructor(readonly astrology: Astrology) {}

  @CacheWarmup({ name: 'profile', on: 'warmup.profile', retries: 0, concurrency: 4 })
  profile({ phone }: { readonly phone: string }): Warmup {
    this.asked += 1;
    if (this.failing) throw new Error(`no profile for ${phone}`);
    return warm(['chart', 'transits'], (service) => this.astrology.show(phone, service));
  }

  @CacheWarmup({ name: 'bare', on: 'warmup.bare' })
  bare({ phone }: { readonly phone: string }): Warmup {
    return warm(['horoscope'], (service) => this.astrology.show(phone, service));
  }
}

describe('an event', () => {
  const { start } = useWarmupApps();
  const begin = async (more: Parameters<typeof start>[1] = {}) => {
    const app = await start([Astrology, Precalculation], {
      cache: { rules: { 'warmup.profile': ({ phone }) => [tag`user:${phone}`] } },
      ...more,
    });
    const [astrology, precalculation] = [app.get(Astrology), app.get(Precalculation)];
    const emit = (phone: string) => app.caches.emit('warmup.profile', { phone });
    const finished = () => app.when('finished');
    return { app, astrology, precalculation, emit, finished };
  };
  const status = (app: Awaited<ReturnType<typeof begin>>['app']) => app.warmups.status()[0]!;

  it('evicts, and then warms in the background what it names', async () => {
    const { app, astrology, emit, finished } = await begin();
    astrology.signs.set('1', 'aries');
    await astrology.show('1', 'chart');
    astrology.signs.set('1', 'leo');
    astrology.calculated.length = 0;
    const hold = new Gate<void>();
    astrology.hold = hold.promise;
    await emit('1');
    // Gone already, though nothing has been calculated.
    expect(await app.caches.cache(services).get('1', 'chart')).toBeUndefined();
    expect(astrology.calculated).toEqual([]);
    hold.resolve();
    expect(await finished()).toMatchObject({ warmup: 'profile', trigger: 'event', outcome: 'done', done: 2 });
    expect(astrology.calculated.toSorted()).toEqual(['1 chart', '1 transits']);
    expect(await astrology.show('1', 'chart')).toBe('chart of leo');
    expect(astrology.calculated).toHaveLength(2);
  });

  it('needs no rule', async () => {
    const { app, astrology, finished } = await begin();
    await app.caches.emit('warmup.bare', { phone: '1' });
    await finished();
    expect(astrology.calculated).toEqual(['1 horoscope']);
  });

  it('may come from @nestjs/event-emitter', async () => {
    const { app, astrology, finished } = await begin({
      imports: [EventEmitterModule.forRoot(), ScheduleModule.forRoot()],
    });
    await app.get(EventEmitter2).emitAsync('warmup.bare', { phone: '1' });
    await finished();
    expect(astrology.calculated).toEqual(['1 horoscope']);
  });

  it('inside a transaction warms after the commit, with what was committed', async () => {
    const { app, astrology, precalculation, finished } = await begin();
    await app.caches.transaction(async () => {
      await app.caches.emit('warmup.profile', { phone: '1' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(precalculation.asked).toBe(0);
      astrology.signs.set('1', 'leo');
    });
    await finished();
    expect(await astrology.show('1', 'chart')).toBe('chart of leo');
  });

  it('inside a transaction that fails warms nothing', async () => {
    const { app, precalculation, emit, finished } = await begin();
    const failing = app.caches.transaction(async () => {
      await emit('1');
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await emit('2');
    await finished();
    expect(precalculation.asked).toBe(1);
  });

  it('that comes again while an equal one waits counts once; one that is under way is repeated', async () => {
    const { app, astrology, precalculation, emit } = await begin();
    const hold = new Gate<void>();
    astrology.hold = hold.promise;
    const phones = ['1', '2', '3', '4'];
    await Promise.all(phones.map(emit));
    await app.when('started');
    await new Promise((resolve) => setImmediate(resolve));
    expect(precalculation.asked).toBe(4);
    await Promise.all(['1', '5', '5', '1'].map(emit));
    expect(status(app)).toMatchObject({ state: 'running', waitingEvents: 2 });
    hold.resolve();
    await app.when('finished');
    expect(precalculation.asked).toBe(6);
    expect(astrology.calculated.filter((what) => what === '1 chart')).toHaveLength(2);
    expect(astrology.calculated.filter((what) => what === '5 chart')).toHaveLength(1);
    expect(status(app)).toMatchObject({ state: 'idle', waitingEvents: 0, last: [{ done: 12 }] });
  });

  it('is dropped when too many wait, and that is told', async () => {
    const { app, astrology, emit } = await begin({
      warmup: { maxWaitingEvents: 2 },
      cache: { rules: { 'warmup.profile': () => [] } },
    });
    const hold = new Gate<void>();
    astrology.hold = hold.promise;
    for (const phone of ['1', '2', '3', '4']) {
      await emit(phone);
      // Until it is being worked on.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(['5', '6', '7', '8', '9'].map(emit));
    const skipped = { trigger: 'event', reason: 'too many events wait for it' };
    expect(app.events.filter(({ kind }) => kind === 'skipped')).toMatchObject([skipped, skipped, skipped]);
    const warnings = () => app.told.filter((line) => line.startsWith('warn'));
    expect(warnings()).toEqual(['warn Warmup profile is skipped: too many events wait for it']);
    hold.resolve();
    await app.when('finished');
    expect(astrology.calculated).toHaveLength(12);
    expect(warnings()[1]).toBe('warn Warmup profile was skipped 2 times more: too many events wait for it');
  });

  it('whose method throws stops no other, and fails no emit', async () => {
    const { app, precalculation, emit, finished } = await begin();
    precalculation.failing = true;
    await emit('1');
    expect(await finished()).toMatchObject({ outcome: 'done', done: 0, failed: 1 });
    expect(app.lines.join('\n')).not.toContain('no profile for');
    precalculation.failing = false;
    expect(await app.warmups.run('profile', { phone: '2' })).toMatchObject({ done: 2, failed: 0 });
  });

  it('that comes when a run ends is not forgotten', async () => {
    const { app, astrology, emit } = await begin();
    let again: Promise<void> | undefined;
    const done = new Gate<void>();
    app.warmups.subscribe(({ kind }) => {
      if (kind !== 'finished') return;
      if (again === undefined) again = emit('2');
      else done.resolve();
    });
    await emit('1');
    await done.promise;
    expect(astrology.calculated).toContain('2 chart');
  });
});
