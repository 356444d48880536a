import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Patience } from '../../../src/engine/patience.js';

describe('the patience of a call', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const after = <T>(ms: number, value: T) =>
    new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));
  /** Lets time pass until a promise is settled, and tells how much. */
  async function timeOf(promise: Promise<unknown>): Promise<number> {
    const since = performance.now();
    const state = { isOver: false };
    const end = () => (state.isOver = true);
    promise.then(end, end);
    while (!state.isOver) {
      await nextTurn();
      if (!state.isOver) await jest.advanceTimersByTimeAsync(1);
    }
    return Math.round(performance.now() - since);
  }

  it('lasts for all that it waits for together', async () => {
    const patience = new Patience(100);
    const first = patience.wait(after(60, 'first'), 'gave up');
    await timeOf(first);
    expect(await first).toBe('first');
    const second = patience.wait(after(60, 'second'), 'gave up');
    expect(await timeOf(second)).toBeLessThanOrEqual(41);
    expect(await second).toBe('gave up');
    expect(await timeOf(patience.wait(after(60, 'third'), 'gave up'))).toBeLessThanOrEqual(1);
  });

  it('gives up at once when it is over, but takes what is there', async () => {
    const patience = new Patience(0);
    const waiting = patience.wait(after(60, 'late'), 'gave up');
    expect(await timeOf(waiting)).toBeLessThanOrEqual(1);
    expect(await waiting).toBe('gave up');
    expect(await patience.wait('no promise', 'gave up')).toBe('no promise');
    const there = patience.wait(Promise.resolve('there'), 'gave up');
    await timeOf(there);
    expect(await there).toBe('there');
  });

  it('is used up once by what it waits for at the same time', async () => {
    const patience = new Patience(100);
    const first = [60, 60, 60].map((ms) => patience.wait(after(ms, 'first'), 'gave up'));
    await jest.advanceTimersByTimeAsync(30);
    const second = patience.wait(after(50, 'second'), 'gave up');
    const third = patience.wait(after(80, 'third'), 'gave up');
    expect(await timeOf(third)).toBeLessThanOrEqual(71);
    expect(await Promise.all(first)).toEqual(['first', 'first', 'first']);
    expect([await second, await third]).toEqual(['second', 'gave up']);
    expect(await timeOf(patience.wait(after(60, 'last'), 'gave up'))).toBeLessThanOrEqual(1);
  });

  it('is used up by what has to be waited for', async () => {
    const patience = new Patience(100);
    const work = patience.spend(after(150, 'done'));
    expect(await timeOf(work)).toBe(150);
    expect(await work).toBe('done');
    expect(await timeOf(patience.wait(after(60, 'late'), 'gave up'))).toBeLessThanOrEqual(1);
  });

  it('is used up by what fails, too, and passes its error on', async () => {
    const patience = new Patience(100);
    const error = new Error('refused');
    const failing = patience.spend(after(70, undefined).then(() => Promise.reject(error)));
    await timeOf(failing);
    await expect(failing).rejects.toBe(error);
    const again = patience.wait(
      after(20, undefined).then(() => Promise.reject(error)),
      'gave up',
    );
    await timeOf(again);
    await expect(again).rejects.toBe(error);
    const last = patience.wait(after(5, 'in time'), 'gave up');
    await timeOf(last);
    expect(await last).toBe('in time');
    expect(await timeOf(patience.wait(after(60, 'late'), 'gave up'))).toBeLessThanOrEqual(11);
  });

  it('may have no end', async () => {
    const patience = new Patience(Infinity);
    const work = patience.wait(after(1_000_000, 'done'), 'gave up');
    await jest.advanceTimersByTimeAsync(1_000_000);
    expect(await work).toBe('done');
    const again = patience.wait(after(1_000, 'again'), 'gave up');
    await timeOf(again);
    expect(await again).toBe('again');
  });
});
