import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Deadlines, type Progress } from '../../../src/engine/deadlines.js';

const MS = 100;

describe('deadlines that share a timer', () => {
  let deadlines: Deadlines;
  let ended: string[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    deadlines = new Deadlines();
    ended = [];
  });

  afterEach(() => {
    deadlines.stop();
    jest.useRealTimers();
  });

  const start = (name: string, work: (progress: Progress) => Promise<unknown>, ms = MS) =>
    void deadlines
      .before(ms, work, () => new Error('late'))
      .then(
        () => ended.push(name),
        (error: unknown) => ended.push(`${name} ${(error as Error).message}`),
      );
  const silence = () => new Promise<never>(() => undefined);
  const pass = async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    await nextTurn();
    await nextTurn();
  };

  it('are each as long as if it were alone', async () => {
    start('a', silence);
    await pass(30);
    start('b', silence);
    await pass(69);
    expect(ended).toEqual([]);
    await pass(1);
    expect(ended).toEqual(['a late']);
    await pass(29);
    expect(ended).toEqual(['a late']);
    await pass(1);
    expect(ended).toEqual(['a late', 'b late']);
  });

  it('are kept after a time in which there was nothing to wait for', async () => {
    start('a', async () => undefined);
    await pass(60);
    expect(ended).toEqual(['a']);
    start('b', silence);
    await pass(99);
    expect(ended).toEqual(['a']);
    await pass(1);
    expect(ended).toEqual(['a', 'b late']);
    await pass(1_000);
    start('c', silence);
    await pass(100);
    expect(ended).toEqual(['a', 'b late', 'c late']);
  });

  it('are moved on one by one', async () => {
    let moveOn!: Progress;
    start('a', (progress) => {
      moveOn = progress;
      return silence();
    });
    start('b', silence);
    await pass(60);
    moveOn();
    await pass(40);
    expect(ended).toEqual(['b late']);
    await pass(59);
    expect(ended).toEqual(['b late']);
    await pass(1);
    expect(ended).toEqual(['b late', 'a late']);
  });

  it('may be of different lengths', async () => {
    start('a', silence, 100);
    start('b', silence, 50);
    await pass(10);
    start('c', silence, 20);
    await pass(20);
    expect(ended).toEqual(['c late']);
    await pass(20);
    expect(ended).toEqual(['c late', 'b late']);
    await pass(50);
    expect(ended).toEqual(['c late', 'b late', 'a late']);
  });

  it('take one timer in all, which keeps the process for those alone who wait', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    let finish!: () => void;
    const work = () => new Promise<void>((resolve) => (finish = resolve));
    for (let time = 0; time < 5; time += 1) {
      start('a', work);
      const timer = timers.mock.results[0]!.value as NodeJS.Timeout;
      expect(timer.hasRef()).toBe(true);
      finish();
      await nextTurn();
      expect(timer.hasRef()).toBe(false);
    }
    expect(timers).toHaveBeenCalledTimes(1);
    timers.mockRestore();
  });
});
