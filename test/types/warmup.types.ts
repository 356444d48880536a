import { CacheWarmup, CacheWarmupModule, warm, type Warmup, type WarmupRun } from 'nestjs-roost/warmup';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'types.profile': { readonly phone: string };
    'types.night': undefined;
  }
}

declare function load(id: string, signal?: AbortSignal): Promise<string>;
declare const pages: AsyncIterable<string>;

export class Right {
  @CacheWarmup({ name: 'a', every: '30m', priority: 'high', onBoot: 'wait' })
  array(): Warmup {
    return warm(['1'], (id) => load(id));
  }

  @CacheWarmup({ name: 'b', cron: '0 3 * * *', timeZone: 'Europe/Vienna', mode: 'fill', minRemaining: 0.2 })
  async pages({ signal }: WarmupRun): Promise<Warmup> {
    return warm(pages, (id, run) => load(id, signal.aborted ? undefined : run.signal), { total: 10 });
  }

  @CacheWarmup({ name: 'c' })
  byHand(): Warmup {
    return warm(Promise.resolve(new Set(['1'])), (id) => load(id));
  }

  @CacheWarmup({ name: 'd', on: 'types.profile' })
  event({ phone }: { readonly phone: string }, { signal }: WarmupRun): Warmup {
    return warm(['chart'], (chart) => load(`${phone} ${chart}`, signal));
  }

  @CacheWarmup({ name: 'e', on: 'types.night' })
  night(): Warmup {
    return warm([() => load('1')], (act) => act());
  }
}

export class Wrong {
  // @ts-expect-error it does not say what to warm
  @CacheWarmup({ name: 'a' })
  nothing(): void {}

  // @ts-expect-error items alone: what is to be done with them?
  @CacheWarmup({ name: 'a' })
  items(): string[] {
    return [];
  }

  // @ts-expect-error nobody gives it an id
  @CacheWarmup({ name: 'a', every: '1m' })
  parameter(_id: string): Warmup {
    return warm([], () => undefined);
  }

  // @ts-expect-error the event carries no such field
  @CacheWarmup({ name: 'a', on: 'types.profile' })
  payload(_event: { readonly email: string }): Warmup {
    return warm([], () => undefined);
  }

  // @ts-expect-error an event that nobody has declared
  @CacheWarmup({ name: 'a', on: 'types.profil' })
  event(): Warmup {
    return warm([], () => undefined);
  }
}

export const wrong = [
  // @ts-expect-error one has to have a name
  CacheWarmup({ every: '1m' }),
  // @ts-expect-error a text without a unit
  CacheWarmup({ name: 'a', every: '30' }),
  // @ts-expect-error two schedules
  CacheWarmup({ name: 'a', every: '30m', cron: '* * * * *' }),
  // @ts-expect-error a time zone of nothing
  CacheWarmup({ name: 'a', timeZone: 'UTC' }),
  // @ts-expect-error a time on top of an event
  CacheWarmup({ name: 'a', on: 'types.night', every: '30m' }),
  // @ts-expect-error an event at start
  CacheWarmup({ name: 'a', on: 'types.night', onBoot: true }),
  // @ts-expect-error no such priority
  CacheWarmup({ name: 'a', priority: 'urgent' }),
  // @ts-expect-error an item is a text
  warm(['1'], (id: number) => id),
  // @ts-expect-error no items
  warm(42, () => undefined),
  // @ts-expect-error nothing is done with them
  warm(['1']),
  // @ts-expect-error no such option
  CacheWarmupModule.forRoot({ leases: '1m' }),
];
