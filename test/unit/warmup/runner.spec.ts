import { StopSignal } from '../../../src/warmup/stop-signal.js';
import { ProgressCounter } from '../../../src/warmup/warmup.progress.js';
import { WarmupRunner, type RunParts } from '../../../src/warmup/warmup.runner.js';
import type { Task } from '../../../src/warmup/warmup.tasks.js';
import { Gate } from '../../support/engine.js';
import { FakeTiming, settle } from './support/fake-timing.js';

const OPTIONS = { name: 'w', batchSize: 50, concurrency: 5, retries: 2, retryDelay: 200, timeout: 1_000 };

describe('the items of a warmup', () => {
  let timing: FakeTiming;
  let progress: ProgressCounter;
  let failures: unknown[];
  let stop: StopSignal;
  let gone: StopSignal;

  beforeEach(() => {
    timing = new FakeTiming();
    progress = new ProgressCounter(timing, 10, () => undefined);
    failures = [];
    [stop, gone] = [new StopSignal(), new StopSignal()];
  });

  const runnerWith = (options: Partial<RunParts['options']> = {}, parts: Partial<RunParts> = {}) =>
    new WarmupRunner({
      options: { ...OPTIONS, ...options },
      timing,
      progress,
      turn: () => Promise.resolve(),
      onFailure: (error) => failures.push(error),
      signal: stop.signal,
      gone: gone.signal,
      ...parts,
    });
  const run = (list: Iterable<Task> | AsyncIterable<Task>, options?: Partial<RunParts['options']>) =>
    runnerWith(options).run(
      async () => ({ total: undefined, list }),
      () => undefined,
    );
  const counts = () => ({ done: progress.now.done, failed: progress.now.failed });
  /** The pauses between attempts. */
  const pauses = () => timing.sleeps.filter((ms) => ms !== OPTIONS.timeout);

  it('are worked on so many at a time, and no more', async () => {
    let [active, most] = [0, 0];
    const task = async () => {
      active += 1;
      most = Math.max(most, active);
      await settle();
      active -= 1;
    };
    await run(
      Array.from({ length: 20 }, () => task),
      { concurrency: 3 },
    );
    expect(most).toBe(3);
    expect(counts()).toEqual({ done: 20, failed: 0 });
  });

  it('are drawn batch by batch, not all at once', async () => {
    const hold = new Gate<void>();
    let drawn = 0;
    async function* tasks() {
      for (let i = 0; i < 25; i += 1) {
        drawn += 1;
        yield () => hold.promise;
      }
    }
    const running = run(tasks(), { batchSize: 10 });
    await settle();
    expect(drawn).toBe(10);
    hold.resolve();
    await running;
    expect(drawn).toBe(25);
    expect(counts()).toEqual({ done: 25, failed: 0 });
  });

  it('are tried again after pauses that double, less a random half', async () => {
    for (const [luck, expected] of [
      [0, [200, 400, 800]],
      [1, [100, 200, 400]],
    ] as const) {
      timing = new FakeTiming();
      timing.luck = luck;
      const running = run([() => Promise.reject(new Error('gone'))], { retries: 3 });
      for (let i = 0; i < 3; i += 1) {
        await settle();
        await timing.pass(800);
      }
      await running;
      expect(pauses()).toEqual(expected);
    }
  });

  it('pause for ten seconds at the most', async () => {
    const running = run([() => Promise.reject(new Error('gone'))], { retries: 12, retryDelay: 1 });
    for (let i = 0; i < 12; i += 1) {
      await settle();
      await timing.pass(10_000);
    }
    await running;
    expect(Math.max(...pauses())).toBe(2 ** 11);
    timing = new FakeTiming();
    const slow = run([() => Promise.reject(new Error('gone'))], { retries: 1, retryDelay: 3_600_000 });
    await settle();
    await timing.pass(10_000);
    await slow;
    expect(pauses()).toEqual([10_000]);
  });

  it('that succeed at last are done, not failed', async () => {
    let attempts = 0;
    const task = async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('not yet');
    };
    const running = run([task]);
    for (let i = 0; i < 2; i += 1) {
      await settle();
      await timing.pass(400);
    }
    await running;
    expect(attempts).toBe(3);
    expect(counts()).toEqual({ done: 1, failed: 0 });
  });

  it('that fail stop no other', async () => {
    const failure = new Error('gone');
    const tasks: Task[] = [
      () => Promise.reject(failure),
      () => {
        throw failure;
      },
      () => 'fine',
      async () => 'fine',
    ];
    await run(tasks, { retries: 0 });
    expect(counts()).toEqual({ done: 2, failed: 2 });
    expect(failures).toEqual([failure, failure]);
  });

  it('that take too long have failed, and are told to stop', async () => {
    const signals: AbortSignal[] = [];
    const tasks: Task[] = [
      ({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
      () => 'fine',
    ];
    const running = run(tasks, { retries: 0 });
    await settle();
    expect(signals[0]?.aborted).toBe(false);
    await timing.pass(OPTIONS.timeout);
    await running;
    expect(signals[0]?.aborted).toBe(true);
    expect(counts()).toEqual({ done: 1, failed: 1 });
    expect(failures).toMatchObject([{ code: 'CACHE_LOAD_TIMEOUT' }]);
  });

  it('that go on after their time keep their place, and are not tried beside themselves', async () => {
    let [active, most] = [0, 0];
    const ends: Gate<void>[] = [];
    const task = async () => {
      active += 1;
      most = Math.max(most, active);
      const end = new Gate<void>();
      ends.push(end);
      await end.promise;
      active -= 1;
    };
    const running = run(
      Array.from({ length: 4 }, () => task),
      { concurrency: 2, retries: 5 },
    );
    await settle();
    await timing.pass(OPTIONS.timeout);
    await timing.pass(OPTIONS.retryDelay);
    expect(counts()).toEqual({ done: 0, failed: 2 });
    expect(active).toBe(2);
    for (const end of ends) end.resolve();
    await settle();
    expect(active).toBe(2);
    for (const end of ends) end.resolve();
    await running;
    expect(most).toBe(2);
    expect(counts()).toEqual({ done: 2, failed: 2 });
  });

  it('end when all places are kept by those that hang', async () => {
    let begun = 0;
    const task = () => {
      begun += 1;
      return new Promise(() => undefined);
    };
    const running = run(
      Array.from({ length: 10 }, () => task),
      { concurrency: 2 },
    );
    const failure = running.catch(String);
    await settle();
    await timing.pass(OPTIONS.timeout);
    await timing.pass(OPTIONS.retryDelay);
    await timing.pass(OPTIONS.timeout);
    expect(await failure).toMatch(/has 2 items .* after their `timeout` of 1000 ms/);
    expect(begun).toBe(2);
    expect(counts()).toEqual({ done: 0, failed: 2 });
  });

  it('end when there is no next one in time', async () => {
    async function* tasks() {
      yield () => 'fine';
      await new Promise(() => undefined);
    }
    const running = run(tasks());
    const passing = settle().then(() => timing.pass(OPTIONS.timeout));
    await expect(running).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
    await passing;
    expect(counts()).toEqual({ done: 1, failed: 0 });
  });

  it('are worked on though the iterable fails after them', async () => {
    const failure = new Error('the cursor is gone');
    function* tasks() {
      yield () => 'fine';
      throw failure;
    }
    await expect(run(tasks())).rejects.toBe(failure);
    expect(counts()).toEqual({ done: 1, failed: 0 });
  });

  it('are asked for again when that fails', async () => {
    let attempts = 0;
    const running = runnerWith().run(
      async () => {
        attempts += 1;
        if (attempts < 3) throw new Error('not yet');
        return { total: 1, list: [() => 'fine'] };
      },
      (total) => expect(total).toBe(1),
    );
    for (let i = 0; i < 2; i += 1) {
      await settle();
      await timing.pass(400);
    }
    await running;
    expect(counts()).toEqual({ done: 1, failed: 0 });
  });

  it('wait for the turn of their run, one by one', async () => {
    let turns = 0;
    const hold = new Gate<void>();
    const turn = () => ((turns += 1) > 2 ? hold.promise : Promise.resolve());
    const running = runnerWith({ concurrency: 1 }, { turn }).run(
      async () => ({ total: 3, list: [() => 'fine', () => 'fine', () => 'fine'] }),
      () => undefined,
    );
    await settle();
    expect(counts()).toEqual({ done: 2, failed: 0 });
    hold.resolve();
    await running;
    expect(counts()).toEqual({ done: 3, failed: 0 });
  });

  describe('of a run that is to stop', () => {
    it('are not begun any more; those under way are told, and waited for', async () => {
      const hold = new Gate<void>();
      const begun: AbortSignal[] = [];
      const task: Task = ({ signal }) => {
        begun.push(signal);
        return hold.promise;
      };
      let isOver = false;
      const running = run([task, task, task], { concurrency: 2 }).then(() => (isOver = true));
      await settle();
      stop.stop();
      await settle();
      expect(begun.map(({ aborted }) => aborted)).toEqual([true, true]);
      expect(isOver).toBe(false);
      hold.resolve();
      await running;
      expect(begun).toHaveLength(2);
      expect(counts()).toEqual({ done: 2, failed: 0 });
    });

    it('are not tried again, and have not failed', async () => {
      const running = run([() => Promise.reject(new Error('gone'))]);
      await settle();
      stop.stop();
      await running;
      expect(counts()).toEqual({ done: 0, failed: 0 });
      expect(failures).toEqual([]);
    });

    it('are let go of when nobody waits any more', async () => {
      const running = run([() => new Promise(() => undefined)]);
      await settle();
      stop.stop();
      gone.stop();
      await running;
      expect(counts()).toEqual({ done: 0, failed: 0 });
    });

    it('are not drawn any more, and the iterable is told', async () => {
      let isTold = false;
      async function* tasks() {
        try {
          for (;;) {
            yield () => stop.stop();
          }
        } finally {
          isTold = true;
        }
      }
      await run(tasks(), { batchSize: 3 });
      await settle();
      expect(isTold).toBe(true);
    });
  });
});
