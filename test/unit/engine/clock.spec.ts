import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { SteadyClock } from '../../../src/engine/clock.js';
import { startEngine, ManualLoader } from '../../support/engine.js';
import type { Clock } from '../../../src/engine/clock.js';

class SettableClock extends SteadyClock {
  present = 1_000;
  protected override readonly origin = 0;

  override now(): number {
    return this.present;
  }
}

describe('SteadyClock', () => {
  afterEach(() => jest.useRealTimers());

  it('looks at the time once in a moment for those who can do with that', async () => {
    const clock = new SettableClock();
    expect(clock.lately()).toBe(1_000);
    clock.present = 2_000;
    expect(clock.lately()).toBe(1_000);
    expect(clock.now()).toBe(2_000);
    while (clock.lately() === 1_000) await nextTurn();
    expect(clock.lately()).toBe(2_000);
  });

  it('does not stand still for who never lets a timer run', () => {
    const clock = new SettableClock();
    clock.lately();
    clock.present = 2_000;
    for (let use = 0; use < 10_000 && clock.lately() === 1_000; use++);
    expect(clock.lately()).toBe(2_000);
  });

  it('looks each time while timers are faked, and goes on when they no longer are', async () => {
    const clock = new SettableClock();
    jest.useFakeTimers();
    expect(clock.lately()).toBe(1_000);
    clock.present = 2_000;
    expect(clock.lately()).toBe(2_000);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    expect(clock.lately()).toBe(2_000);
    clock.present = 3_000;
    while (clock.lately() === 2_000) await nextTurn();
    expect(clock.lately()).toBe(3_000);
  });
});

describe('what L1 serves', () => {
  let time = 1_700_000_000_000;
  let lag = 0;
  const clock: Clock = { now: () => time, lately: () => time - lag };

  it('is past no ttl, though the time is not looked at each time', async () => {
    const engine = await startEngine({ clock });
    try {
      const cache = engine.cache<number>({ ttl: '10s' });
      const loader = new ManualLoader<number>();
      await cache.set(['1'], 1);
      time += 9_999;
      lag = 50;
      expect(await cache.getOrLoad(['1'], loader.load)).toBe(1);
      time += 1;
      const loaded = cache.getOrLoad(['1'], loader.load);
      await loader.called(1);
      loader.calls[0]!.resolve(2);
      expect(await loaded).toBe(2);
    } finally {
      await engine.runtime.close();
    }
  });
});
