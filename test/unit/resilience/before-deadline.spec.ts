import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { beforeDeadline } from '../../../src/engine/before-deadline.js';
import type { Progress } from '../../../src/engine/deadlines.js';
import { LONGEST_TIMER_MS } from '../../../src/engine/longest-timer.js';

const LATE = new Error('late');

/** What becomes of a promise, as far as it has. */
function watch<T>(promise: Promise<T>): { outcome: 'pending' | { value: T } | { error: unknown } } {
  const seen: { outcome: 'pending' | { value: T } | { error: unknown } } = { outcome: 'pending' };
  promise.then(
    (value) => (seen.outcome = { value }),
    (error: unknown) => (seen.outcome = { error }),
  );
  return seen;
}

describe('a deadline, by a clock that the test drives', () => {
  /** How much later than its timers this process is. */
  let lag: number;
  let time: number;
  let settle: (value: string) => void;
  let progress: Progress;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    [lag, time] = [0, 0];
    jest.spyOn(performance, 'now').mockImplementation(() => time + lag);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const start = (ms: number) =>
    watch(
      beforeDeadline(
        ms,
        (moveOn) => {
          progress = moveOn;
          return new Promise<string>((resolve) => (settle = resolve));
        },
        () => LATE,
      ),
    );
  /** Lets time pass, and then the event loop look for input. */
  const pass = async (ms: number) => {
    time += ms;
    await jest.advanceTimersByTimeAsync(ms);
    await nextTurn();
    await nextTurn();
  };

  it('is kept by work that settles in time, and leaves no timer behind', async () => {
    const seen = start(100);
    await pass(99);
    settle('answer');
    await pass(0);
    expect(seen.outcome).toEqual({ value: 'answer' });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends the wait for work that does not', async () => {
    const seen = start(100);
    await pass(99);
    expect(seen.outcome).toBe('pending');
    await pass(1);
    expect(seen.outcome).toEqual({ error: LATE });
    settle('too late');
    await pass(1_000);
    expect(seen.outcome).toEqual({ error: LATE });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('passes on what work throws, and leaves no timer behind', async () => {
    const error = new Error('refused');
    const failing = beforeDeadline(
      100,
      () => Promise.reject(error),
      () => LATE,
    );
    await expect(failing).rejects.toBe(error);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('passes on what work throws at once', async () => {
    const error = new Error('refused');
    const refuse = () => {
      throw error;
    };
    await expect(beforeDeadline(100, refuse, () => LATE)).rejects.toBe(error);
  });

  it('moves on with every sign of progress, and ends after the last one', async () => {
    const seen = start(100);
    for (let sign = 0; sign < 10; sign += 1) {
      await pass(90);
      progress();
    }
    await pass(99);
    expect(seen.outcome).toBe('pending');
    await pass(1);
    expect(seen.outcome).toEqual({ error: LATE });
  });

  it('gives as much again for the time in which nothing could be heard', async () => {
    const seen = start(100);
    lag = 60;
    await pass(100);
    expect(seen.outcome).toBe('pending');
    await pass(59);
    settle('answer');
    await pass(0);
    expect(seen.outcome).toEqual({ value: 'answer' });
  });

  it('gives one more deadline at most, however long the event loop was blocked', async () => {
    const seen = start(100);
    lag = 10_000;
    await pass(100);
    await pass(99);
    expect(seen.outcome).toBe('pending');
    await pass(1);
    expect(seen.outcome).toEqual({ error: LATE });
  });

  it('gives that once, however often the event loop is blocked', async () => {
    const seen = start(100);
    lag = 50;
    await pass(100);
    expect(seen.outcome).toBe('pending');
    lag = 500;
    await pass(50);
    expect(seen.outcome).toEqual({ error: LATE });
  });

  it('may be further away than a timer can wait', async () => {
    const seen = start(LONGEST_TIMER_MS + 1_000);
    await pass(LONGEST_TIMER_MS);
    expect(seen.outcome).toBe('pending');
    await pass(1_000);
    expect(seen.outcome).toEqual({ error: LATE });
  });
});

describe('a deadline, on a real socket', () => {
  let peer: Socket;
  let socket: Socket;
  let close: () => void;

  beforeEach(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [peer] = await accepted;
    if (socket.connecting) await once(socket, 'connect');
    socket.resume();
    close = () => {
      socket.destroy();
      peer.destroy();
      server.close();
    };
  });

  afterEach(() => close());

  const reply = () =>
    new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  const block = (ms: number) => {
    const since = performance.now();
    while (performance.now() - since < ms);
  };

  it.each([51, 55, 120, 400])(
    'a reply that lay there while the event loop was blocked for %i ms is not late',
    async (ms) => {
      const answer = beforeDeadline(50, reply, () => LATE);
      // The kernel has it at once; this process can't look for as long as it is busy.
      peer.write('PONG');
      block(ms);
      await expect(answer).resolves.toBe('PONG');
    },
  );

  it('silence is late, also for an event loop that was blocked', async () => {
    const answer = beforeDeadline(50, reply, () => LATE);
    block(200);
    await expect(answer).rejects.toBe(LATE);
  });

  it('progress that lay there while the event loop was blocked moves it on', async () => {
    const answer = beforeDeadline(
      50,
      async (progress) => {
        await reply();
        progress();
        setTimeout(() => peer.write('done'), 30);
        return reply();
      },
      () => LATE,
    );
    peer.write('half');
    block(52);
    await expect(answer).resolves.toBe('done');
  });
});
