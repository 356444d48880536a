import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { Progress } from '../../../src/engine/deadlines.js';
import { CacheError } from '../../../src/errors.js';
import type { BreakerState } from '../../../src/resilience/circuit-breaker.js';
import { Gate, isRefused, isShut, type Reachable } from '../../../src/resilience/gate.js';

const DEADLINE_MS = 100;
/** Operations from which the breaker judges, and those that run at a time. */
const VOLUME = 10;
const WIDTH = 500;

/** A connection as the gate sees it. */
class FakeConnection implements Reachable {
  ready = true;
  doubts = 0;
  probes = 0;
  answer: () => Promise<unknown> = () => Promise.resolve();

  doubt(): void {
    this.doubts += 1;
  }

  probe(): Promise<unknown> {
    this.probes += 1;
    return this.answer();
  }
}

/** What Redis answers when it won't, as ioredis makes it. */
function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('the gate', () => {
  let connection: FakeConnection;
  let states: BreakerState[];
  let gate: Gate;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    connection = new FakeConnection();
    states = [];
    gate = new Gate({ connection, deadline: DEADLINE_MS, onBreaker: (state) => states.push(state) });
  });

  afterEach(() => {
    gate.close();
    jest.useRealTimers();
  });

  const pass = async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    await nextTurn();
    await nextTurn();
  };
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  const silence = () => new Promise<never>(() => undefined);
  /** As ioredis does with a `commandTimeout`. */
  const timeOut = (ms: number) =>
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error('Command timed out')), ms));
  const failWith = async (error: Error, times: number) => {
    for (let time = 0; time < times; time += 1) {
      const refused = gate.run(async () => {
        throw error;
      });
      expect(await failure(refused)).toBe(error);
    }
  };

  it('lets operations through, and passes on what they give', async () => {
    expect(await gate.run(() => 'at once')).toBe('at once');
    expect(await gate.run(async () => 'later')).toBe('later');
    expect(connection.doubts).toBe(0);
  });

  it('is shut while there is no connection: nothing is tried, and nothing counts', async () => {
    connection.ready = false;
    const act = jest.fn(() => 'never');
    for (let time = 0; time < 2 * VOLUME; time += 1) {
      const error = await failure(gate.run(act));
      expect(isShut(error)).toBe(true);
      expect(error).toMatchObject({
        code: 'CACHE_REDIS_UNAVAILABLE',
        message: expect.stringContaining('there is no connection') as string,
      });
    }
    expect(act).not.toHaveBeenCalled();
    expect(connection.doubts).toBe(0);
    connection.ready = true;
    expect(gate.isOpen).toBe(true);
  });

  it('is shut while the breaker is open', async () => {
    await failWith(new Error('nonsense'), VOLUME);
    expect(states).toEqual(['open']);
    expect(gate.isOpen).toBe(false);
    const act = jest.fn(() => 'never');
    const error = await failure(gate.run(act));
    expect(isShut(error)).toBe(true);
    expect((error as Error).message).toContain('failed too often');
    expect(act).not.toHaveBeenCalled();
  });

  it('ends the wait for an answer at the deadline, doubts the connection, and counts it', async () => {
    const late = gate.run(silence);
    const seen = failure(late);
    await pass(DEADLINE_MS - 1);
    expect(connection.doubts).toBe(0);
    await pass(1);
    const error = await seen;
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toMatchObject({ code: 'CACHE_REDIS_UNAVAILABLE' });
    expect(isShut(error)).toBe(false);
    expect(connection.doubts).toBe(1);
  });

  it('counts what is late', async () => {
    const late = Array.from({ length: VOLUME }, () => failure(gate.run(silence)));
    await pass(DEADLINE_MS / 2 + 1);
    // Something is heard.
    await gate.run(() => 'served');
    await pass(DEADLINE_MS / 2);
    await Promise.all(late);
    expect(states).toEqual(['open']);
  });

  it.each([
    ['this deadline', silence],
    ['one of the client itself', () => timeOut(DEADLINE_MS / 2 + 1)],
  ])('is shut as long as Redis is silent, from the first operation that meets %s', async (_, act) => {
    let wake!: () => void;
    connection.answer = () => new Promise<void>((resolve) => (wake = resolve));
    const late = failure(gate.run<unknown>(act));
    await pass(DEADLINE_MS);
    await late;
    expect(connection.probes).toBe(1);
    expect(gate.isOpen).toBe(false);
    wake();
    await pass(0);
    expect(gate.isOpen).toBe(true);
    expect(states).toEqual(['half-open', 'closed']);
  });

  it('waits on while an operation makes progress', async () => {
    let progress!: Progress;
    let finish!: (value: string) => void;
    const work = gate.run((moveOn) => {
      progress = moveOn;
      return new Promise<string>((resolve) => (finish = resolve));
    });
    for (let sign = 0; sign < 5; sign += 1) {
      await pass(DEADLINE_MS - 10);
      progress();
    }
    finish('done');
    expect(await work).toBe('done');
  });

  it('takes progress of one for a sign of life, where another one is late', async () => {
    let progress!: Progress;
    const long = failure(
      gate.run((moveOn) => {
        progress = moveOn;
        return silence();
      }),
    );
    const late = failure(gate.run(silence));
    await pass(DEADLINE_MS / 2 + 1);
    progress();
    await pass(DEADLINE_MS / 2);
    await late;
    expect(gate.isOpen).toBe(true);
    await pass(DEADLINE_MS);
    await long;
    expect(gate.isOpen).toBe(true);
    expect(connection.probes).toBe(1);
  });

  it('tells a moment of silence from a Redis that is out of reach', async () => {
    connection.answer = silence;
    const late = failure(gate.run(silence));
    await pass(DEADLINE_MS);
    await late;
    expect([gate.isOpen, gate.isOutOfReach]).toEqual([false, false]);
    await pass(DEADLINE_MS);
    expect(gate.isOutOfReach).toBe(true);
    gate.connected();
    expect(gate.isOutOfReach).toBe(false);
    connection.ready = false;
    expect(gate.isOutOfReach).toBe(true);
  });

  it.each([
    'NOPERM this user has no permissions',
    "OOM command not allowed when used memory > 'maxmemory'",
    'WRONGTYPE Operation against a key',
    'NOSCRIPT No matching script',
    'ERR syntax error',
    'BUSYKEY Target key name already exists',
    'MOVED 1 127.0.0.1:7000',
  ])('takes a refusal for an answer: %s', async (message) => {
    const refused = refusal(message);
    expect(isRefused(refused)).toBe(true);
    await failWith(refused, 3 * VOLUME);
    expect(gate.isOpen).toBe(true);
    expect(connection.doubts).toBe(0);
  });

  it('counts refusals as answers beside what fails', async () => {
    await failWith(refusal('OOM'), VOLUME);
    await failWith(new Error('nonsense'), VOLUME - 1);
    expect(gate.isOpen).toBe(true);
    await failWith(new Error('nonsense'), 1);
    expect(gate.isOpen).toBe(false);
  });

  it.each([
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'",
    'CLUSTERDOWN The cluster is down',
    "READONLY You can't write against a read only replica",
    'NOAUTH Authentication required',
    'NOREPLICAS Not enough good replicas to write',
  ])('shuts when Redis can do its work for nobody: %s', async (message) => {
    await failWith(refusal(message), VOLUME);
    expect(gate.isOpen).toBe(false);
    // It has answered: there is nothing to be found out about the connection.
    expect(connection.doubts).toBe(0);
  });

  it('doubts a connection on which something comes that makes no sense', async () => {
    await failWith(new TypeError('Redis answered something else than was asked for.'), 1);
    expect(connection.doubts).toBe(1);
  });

  it('counts one that does the work of many as many, whether it fails or not', async () => {
    const fail = () => Promise.reject(new Error('nonsense'));
    await gate.run(() => 'done', 'other', VOLUME);
    await failure(gate.run(fail, 'other', VOLUME - 1));
    expect(gate.isOpen).toBe(true);
    await failure(gate.run(fail));
    expect(gate.isOpen).toBe(false);
    expect(connection.doubts).toBe(2);
  });

  it('asks for a sign of life after a pause, and opens when there is one', async () => {
    connection.answer = () => Promise.reject(new Error('silence'));
    await failWith(new Error('nonsense'), VOLUME);
    await pass(320);
    expect(connection.probes).toBe(1);
    expect(gate.breakerState).toBe('open');
    connection.answer = () => Promise.resolve();
    await pass(630);
    expect(gate.breakerState).toBe('closed');
    expect(await gate.run(() => 'served')).toBe('served');
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  it('opens at once for a new connection', async () => {
    await failWith(new Error('nonsense'), VOLUME);
    gate.connected();
    expect(gate.isOpen).toBe(true);
  });

  it('asks for nothing more when it is closed', async () => {
    await failWith(new Error('nonsense'), VOLUME);
    gate.close();
    await pass(60_000);
    expect(connection.probes).toBe(0);
  });

  describe('with more operations than may run at a time', () => {
    let ends: (() => void)[];
    let started: number;

    beforeEach(() => {
      [ends, started] = [[], 0];
    });

    const hold = (places?: number) =>
      gate.run(
        () => {
          started += 1;
          return new Promise<void>((resolve) => ends.push(resolve));
        },
        'other',
        places,
      );

    it('lets each of the others go when one has ended', async () => {
      const running = Array.from({ length: WIDTH + 2 }, () => hold());
      await pass(0);
      expect(started).toBe(WIDTH);
      ends[0]!();
      await running[0];
      await pass(0);
      expect(started).toBe(WIDTH + 1);
      for (let end = 1; end < WIDTH + 2; end += 1) {
        ends[end]!();
        await pass(0);
      }
      await Promise.all(running);
    });

    it('counts one that does the work of many as many', async () => {
      const running = [hold(WIDTH - 2), hold(2), hold(3), hold(1)];
      await pass(0);
      expect(started).toBe(2);
      expect(gate.isCrowded()).toBe(true);
      // There is room for the last one, but it is not its turn.
      ends[1]!();
      await pass(0);
      expect(started).toBe(2);
      ends[0]!();
      await pass(0);
      expect(started).toBe(4);
      expect(gate.isCrowded(WIDTH - 4)).toBe(false);
      expect(gate.isCrowded(WIDTH - 3)).toBe(true);
      for (const end of ends) end();
      await Promise.all(running);
    });

    it('lets one pass alone that is as many as never fit', async () => {
      const running = [hold(1), hold(WIDTH + 1)];
      await pass(0);
      expect(started).toBe(1);
      ends[0]!();
      await pass(0);
      expect(started).toBe(2);
      ends[1]!();
      await Promise.all(running);
    });

    it('refuses those that wait when it shuts meanwhile', async () => {
      const running = Array.from({ length: WIDTH }, () => hold());
      const waiting = Array.from({ length: 3 }, () => failure(hold()));
      await pass(0);
      connection.ready = false;
      ends[0]!();
      for (const work of waiting) expect(isShut(await work)).toBe(true);
      expect(started).toBe(WIDTH);
      for (const end of ends) end();
      await Promise.all(running);
      connection.ready = true;
      expect(await gate.run(() => 'served')).toBe('served');
    });

    it('gives those that wait a deadline of their own, when their turn comes', async () => {
      const running = Array.from({ length: WIDTH }, () => hold());
      const waiting = hold();
      await pass(DEADLINE_MS / 2);
      ends[0]!();
      await pass(DEADLINE_MS / 2 - 1);
      expect(started).toBe(WIDTH + 1);
      for (const end of ends) end();
      await pass(0);
      await Promise.all([...running, waiting]);
      expect(connection.doubts).toBe(0);
    });
  });
});
