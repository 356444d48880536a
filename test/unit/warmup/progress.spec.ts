import { ProgressCounter } from '../../../src/warmup/warmup.progress.js';
import { TriggerQueue } from '../../../src/warmup/warmup.triggers.js';
import { FakeTiming } from './support/fake-timing.js';

describe('the progress of a warmup', () => {
  const counter = (timing: FakeTiming, logStep = 10) => {
    const steps: number[] = [];
    const progress: ProgressCounter = new ProgressCounter(timing, logStep, () =>
      steps.push(progress.now.done + progress.now.failed),
    );
    return { progress, steps };
  };

  it('has rate and time left', async () => {
    const timing = new FakeTiming();
    const { progress } = counter(timing);
    progress.begin(40);
    expect(progress.now).toMatchObject({ total: 40, rate: 0, timeLeft: undefined });
    for (let i = 0; i < 9; i += 1) progress.succeeded();
    progress.hasFailed();
    await timing.pass(2_000);
    expect(progress.now).toEqual({
      ...{ done: 9, failed: 1, total: 40, duration: 2_000 },
      ...{ rate: 5, timeLeft: 6_000 },
    });
  });

  it.each([
    [40, 10, [4, 8, 12, 16, 20, 24, 28, 32, 36]],
    [3, 10, [1, 2]],
    [10, 50, [5]],
    [7, 30, [3, 5]],
  ])('of %d items is told every %d percent, but not of the last one', (total, step, expected) => {
    const { progress, steps } = counter(new FakeTiming(), step);
    progress.begin(total);
    for (let i = 0; i < total; i += 1) progress.succeeded();
    expect(steps).toEqual(expected);
  });

  it('of nobody knows how many items is told every thousand', () => {
    const { progress, steps } = counter(new FakeTiming());
    progress.begin(undefined);
    for (let i = 0; i < 2_500; i += 1) progress.succeeded();
    expect(steps).toEqual([1_000, 2_000]);
  });
});

describe('the events that wait for a warmup', () => {
  it('are equal by content, and count once, with the time of the latest', () => {
    const queue = new TriggerQueue(10);
    queue.add({ payload: { phone: '1', kind: 'a' }, since: 1 });
    queue.add({ payload: { phone: '2' }, since: 2 });
    queue.add({ payload: { kind: 'a', phone: '1' }, since: 3 });
    expect(queue.size).toBe(2);
    expect(queue.take()).toEqual({ payload: { phone: '1', kind: 'a' }, since: 3 });
    expect(queue.take()?.since).toBe(2);
    expect(queue.take()).toBeUndefined();
  });

  it('are limited in number, and an equal one has room always', () => {
    const queue = new TriggerQueue(2);
    expect([1, 2, 3, 1].map((payload) => queue.add({ payload, since: 0 }))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(queue.size).toBe(2);
  });

  it('may carry what can’t be compared', () => {
    const queue = new TriggerQueue(10);
    const payload = () => undefined;
    queue.add({ payload, since: 1 });
    queue.add({ payload, since: 2 });
    queue.add({ payload: () => undefined, since: 3 });
    expect(queue.size).toBe(2);
  });
});
