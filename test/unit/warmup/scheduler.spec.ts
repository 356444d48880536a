import { jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { intervalOf, WarmupScheduler, type Due } from '../../../src/warmup/warmup.scheduler.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2030, 0, 1, 12, 30);

describe('the times of warmups', () => {
  let registry: SchedulerRegistry;
  let scheduler: WarmupScheduler;
  let dues: Due[];

  beforeEach(() => {
    jest.useFakeTimers({ now: START });
    registry = new SchedulerRegistry();
    scheduler = new WarmupScheduler(registry, () => Date.now());
    dues = [];
  });

  afterEach(() => {
    scheduler.stop();
    jest.useRealTimers();
  });

  const add = (schedule: Parameters<WarmupScheduler['add']>[1]) =>
    scheduler.add('w', schedule, (due) => dues.push(due));

  it('come again and again, and instances that tick a little later mean the same run', () => {
    const next = add({ kind: 'every', ms: HOUR_MS });
    expect(next()).toBe(START + HOUR_MS);
    jest.advanceTimersByTime(2 * HOUR_MS);
    expect(dues).toEqual([
      { at: START + HOUR_MS, apart: 0.9 * HOUR_MS },
      { at: START + 2 * HOUR_MS, apart: 0.9 * HOUR_MS },
    ]);
    expect(next()).toBe(START + 3 * HOUR_MS);
  });

  it('of a cron expression are the same for all instances, however late each of them is', async () => {
    const next = add({ kind: 'cron', expression: '0 * * * *', timeZone: 'UTC' });
    const first = Date.UTC(2030, 0, 1, 13);
    expect(next()).toBe(first);
    await jest.advanceTimersByTimeAsync(HOUR_MS / 2 - 1_000);
    expect(dues).toEqual([]);
    // The event loop was blocked: 150 ms late.
    jest.setSystemTime(first - 850);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(dues).toEqual([{ at: first, apart: 0 }]);
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    expect(dues.at(-1)).toEqual({ at: first + HOUR_MS, apart: 0 });
    expect(next()).toBe(first + 2 * HOUR_MS);
  });

  it('stay as they are when somebody fires one by hand', async () => {
    const next = add({ kind: 'cron', expression: '0 * * * *', timeZone: 'UTC' });
    await registry.getCronJob('cache-warmup:w').fireOnTick();
    await jest.advanceTimersByTimeAsync(HOUR_MS / 2);
    expect(dues).toEqual([
      { at: START, apart: 0 },
      { at: START + HOUR_MS / 2, apart: 0 },
    ]);
    expect(next()).toBe(START + 1.5 * HOUR_MS);
  });

  it('end with the scheduler', async () => {
    add({ kind: 'every', ms: HOUR_MS });
    scheduler.add('v', { kind: 'cron', expression: '0 * * * *', timeZone: undefined }, (due) =>
      dues.push(due),
    );
    scheduler.stop();
    await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(dues).toEqual([]);
    expect([registry.getIntervals(), registry.getCronJobs().size]).toEqual([[], 0]);
  });

  it('have an interval', () => {
    expect(intervalOf({ kind: 'every', ms: 5 })).toBe(5);
    expect(intervalOf({ kind: 'cron', expression: '0 3 * * *', timeZone: 'UTC' })).toBe(24 * HOUR_MS);
    expect(intervalOf({ kind: 'cron', expression: '*/10 * * * * *', timeZone: undefined })).toBe(10_000);
  });
});
