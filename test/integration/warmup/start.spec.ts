import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { CacheModule } from 'nestjs-roost';
import { CacheWarmup, CacheWarmupModule, warm, WarmupService, type Warmup } from 'nestjs-roost/warmup';
import { useWarmupApps } from './support/warmup-app.js';

const nothing = (): Warmup => warm([], () => undefined);

describe('what can’t work', () => {
  const { start } = useWarmupApps();

  /** A class with one warmup, made where a mistake is to show. */
  const withOptions = (options: object) => {
    class Warmups {
      @CacheWarmup(options as never)
      items(): Warmup {
        return nothing();
      }
    }
    return Warmups;
  };

  it.each<[string, object, RegExp]>([
    ['without a name', { every: '1m' }, /`name` of @CacheWarmup of Warmups\.items .* got undefined/],
    ['with a name like a key', { name: 'a{b}' }, /`name` of @CacheWarmup .* got 'a\{b\}'/],
    [
      'with an invalid cron',
      { name: 'w', cron: '61 * * * *' },
      /`cron` of warmup `w` .* got '61 \* \* \* \*': /,
    ],
    ['with a cron that never comes', { name: 'w', cron: '0 0 31 2 *' }, /Expected `cron` of warmup `w`/],
    [
      'in a time zone that is none',
      { name: 'w', cron: '* * * * *', timeZone: 'Mars' },
      /'\* \* \* \* \*' in 'Mars': /,
    ],
    ['with a number for cron', { name: 'w', cron: 5 }, /`cron` .* got a number/],
    [
      'with two schedules',
      { name: 'w', cron: '* * * * *', every: '1m' },
      /`every` .* to stand without `cron`/,
    ],
    [
      'with a time zone alone',
      { name: 'w', every: '1m', timeZone: 'UTC' },
      /`timeZone` .* to stand beside `cron`/,
    ],
    ['that is due all the time', { name: 'w', every: 10 }, /`every` .* between 1 second and 24 days/],
    ['that is due once a year', { name: 'w', every: '365d' }, /`every` .* between 1 second and 24 days/],
    ['on an event and a schedule', { name: 'w', on: 'x', every: '1m' }, /to have `on` without/],
    ['on an event and at start', { name: 'w', on: 'x', onBoot: true }, /to have `on` without/],
    ['on an event without a name', { name: 'w', on: '' }, /`on` .* to be the name of an event/],
    ['with an unknown option', { name: 'w', each: 1 }, /got `each`/],
    [
      'with an unknown priority',
      { name: 'w', priority: 'urgent' },
      /`priority` .* one of 'high', 'medium', 'low'/,
    ],
    ['with an unknown mode', { name: 'w', mode: 'all' }, /`mode` .* one of 'refresh', 'fill'/],
    ['with half a batch', { name: 'w', batchSize: 0.5 }, /`batchSize` .* an integer from 1/],
    ['with nobody at work', { name: 'w', concurrency: 0 }, /`concurrency` .* a number from 1/],
    ['without an end', { name: 'w', timeout: 0 }, /`timeout` .* a duration > 0/],
    ['that a timer can’t hold', { name: 'w', timeout: '30d' }, /`timeout` .* a duration of 24 days at most/],
    ['with a share above one', { name: 'w', minRemaining: 2 }, /`minRemaining` .* from 0 to 1/],
    [
      'that waits for nobody knows what',
      { name: 'w', onBoot: 'later' },
      /`onBoot` .* one of true, false, 'wait'/,
    ],
  ])('is refused where it stands: a warmup %s', (_, options, message) => {
    expect(() => withOptions(options)).toThrow(message);
  });

  it('is refused where it stands: a property, a static method, a method that is marked twice', () => {
    const mark = CacheWarmup({ name: 'w' });
    expect(() => mark({}, 'items', {})).toThrow(/to stand on a method of an instance/);
    expect(() => mark(class {}, 'items', { value: nothing })).toThrow(/to stand on a method of an instance/);
    const twice = { value: () => nothing() };
    mark({}, 'items', twice);
    expect(() => mark({}, 'items', twice)).toThrow(/to stand on a method once/);
  });

  it('is refused when it runs: anything but items', () => {
    expect(() => warm('ids' as never, () => undefined)).toThrow(/to get items, got a string/);
    expect(() => warm(undefined as never, () => undefined)).toThrow(/to get items, got undefined/);
    expect(() => warm([], undefined as never)).toThrow(/a function for each item, got undefined/);
  });

  it('stops the start: two warmups of one name', async () => {
    const [One, Other] = [withOptions({ name: 'bots' }), withOptions({ name: 'bots' })];
    await expect(start([One, Other])).rejects.toThrow(/two named `bots`: Warmups\.items and Warmups\.items/);
  });

  it('stops the start: a warmup of a provider that is made for each request', async () => {
    @Injectable()
    class Warmups {
      constructor(@Inject(REQUEST) readonly request: unknown) {}

      @CacheWarmup({ name: 'mine' })
      items(): Warmup {
        return nothing();
      }
    }
    await expect(start([Warmups])).rejects.toThrow(/warmup `mine` .* one instance, got Warmups\.items/);
  });

  it('stops the start: a warmup of a transient provider', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Warmups {
      @CacheWarmup({ name: 'mine' })
      items(): Warmup {
        return nothing();
      }
    }
    await expect(start([Warmups])).rejects.toThrow(/warmup `mine` .* one instance/);
  });

  it('stops the start: a schedule without ScheduleModule', async () => {
    await expect(start([withOptions({ name: 'w', every: '1m' })], { imports: [] })).rejects.toThrow(
      /ScheduleModule of @nestjs\/schedule, for warmup `w` \(Warmups\.items\)[^]*ScheduleModule\.forRoot\(\)/,
    );
    await start([withOptions({ name: 'w', onBoot: true })], { imports: [] });
  });

  it('stops the start: no CacheModule', async () => {
    const compiling = Test.createTestingModule({ imports: [CacheWarmupModule.forRoot({})] }).compile();
    await expect(compiling).rejects.toThrow(/to find a CacheModule/);
  });

  it('stops the start: a second module', async () => {
    const imports = [CacheWarmupModule.forRoot({ history: 5 })];
    await expect(start([], { imports })).rejects.toThrow(/one CacheWarmupModule in the application, got 2/);
  });

  it.each<[object, RegExp]>([
    [{ lease: '100ms' }, /`lease` of CacheWarmupModule to be a duration of at least 500 ms/],
    [{ lease: '30d' }, /`lease` of CacheWarmupModule to be a duration of 24 days at most/],
    [{ shutdownDeadline: '30d' }, /`shutdownDeadline` of CacheWarmupModule .* 24 days at most/],
    [{ logStep: 0 }, /`logStep` of CacheWarmupModule/],
    [{ history: 0 }, /`history` of CacheWarmupModule/],
    [{ enabled: 'yes' }, /`enabled` of CacheWarmupModule to be one of true, false/],
    [{ leases: 1 }, /got `leases`/],
  ])('stops the start: %j among the options of the module', async (warmup, message) => {
    await expect(start([], { warmup })).rejects.toThrow(message);
  });
});

describe('what works', () => {
  @Injectable()
  class Warmups {
    @CacheWarmup({ name: 'w' })
    items(): Warmup {
      return nothing();
    }
  }
  const { start } = useWarmupApps();

  it('is one warmup for one instance, under however many tokens it is', async () => {
    const app = await start([Warmups, { provide: 'alias', useExisting: Warmups }]);
    expect(app.warmups.status()).toHaveLength(1);
  });

  it('is an instance that a factory has made', async () => {
    const app = await start([{ provide: 'made', useFactory: () => new Warmups() }]);
    expect(app.warmups.status()).toMatchObject([{ name: 'w' }]);
  });

  it('is inherited', async () => {
    @Injectable()
    class More extends Warmups {}
    const app = await start([More]);
    expect(app.warmups.status()).toMatchObject([{ name: 'w' }]);
  });

  it('is configured at start, too, with a CacheModule that is not global', async () => {
    const cache = CacheModule.forRoot({ namespace: 'test', isGlobal: false });
    @Module({ imports: [ScheduleModule.forRoot()] })
    class Configured {}
    const module = await Test.createTestingModule({
      imports: [
        CacheWarmupModule.forRootAsync({
          imports: [cache, Configured],
          useFactory: () => Promise.resolve({ history: 1 }),
        }),
      ],
      providers: [Warmups],
    }).compile();
    await module.init();
    const warmups = module.get(WarmupService);
    await warmups.run('w');
    await warmups.run('w');
    expect(warmups.status()[0]?.last).toHaveLength(1);
    await module.close();
  });
});
