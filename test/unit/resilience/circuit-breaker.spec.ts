import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { CircuitBreaker, type BreakerState } from '../../../src/resilience/circuit-breaker.js';

const DEADLINE_MS = 100;
const LIMITS = {
  share: 0.5,
  volume: 10,
  silences: 2,
  window: 5_000,
  pause: 250,
  longestPause: 2_000,
};

/** A probe whose outcome the test decides. */
interface Probe {
  readonly at: number;
  answer(): Promise<void>;
  fail(): Promise<void>;
}

describe('the circuit breaker', () => {
  let probes: Probe[];
  let states: BreakerState[];
  let breaker: CircuitBreaker;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    // In the middle: pauses are as long as the limits say.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    probes = [];
    states = [];
    const probe = () =>
      new Promise<void>((resolve, reject) => {
        const settle = (how: () => void) => async () => {
          how();
          await jest.advanceTimersByTimeAsync(0);
        };
        const fail = settle(() => reject(new Error('silence')));
        probes.push({ at: performance.now(), answer: settle(resolve), fail });
      });
    breaker = new CircuitBreaker(probe, (state) => states.push(state), DEADLINE_MS, LIMITS);
  });

  afterEach(() => {
    breaker.stop();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) breaker.failed();
  };
  const succeed = (times: number) => {
    for (let time = 0; time < times; time += 1) breaker.succeeded();
  };
  const pass = async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    // A deadline looks once more before it is over.
    await nextTurn();
    await nextTurn();
  };

  /** Makes it fail again as soon as it has closed, or at first, and lets the pause pass. Tells how long it was. */
  async function pauseAfterOpening(): Promise<number> {
    const since = performance.now();
    const before = probes.length;
    fail(LIMITS.volume);
    expect(breaker.state).toBe('open');
    while (probes.length === before) await pass(1);
    return Math.round(performance.now() - since);
  }

  it('opens when half of what was tried lately has failed', () => {
    succeed(5);
    fail(4);
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(breaker.state).toBe('open');
    expect(states).toEqual(['open']);
  });

  it('stays closed while less than that share fails, however many those are', () => {
    succeed(100);
    fail(99);
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(breaker.isClosed).toBe(false);
  });

  it('does not judge by a few', () => {
    fail(LIMITS.volume - 1);
    expect(breaker.isClosed).toBe(true);
  });

  it('forgets what has left the window', async () => {
    fail(LIMITS.volume - 1);
    await pass(LIMITS.window);
    succeed(1);
    fail(1);
    expect(breaker.isClosed).toBe(true);
  });

  it('counts what is still in the window, from whichever part of it', async () => {
    for (let time = 0; time < LIMITS.volume - 1; time += 1) {
      fail(1 - (time % 2));
      succeed(time % 2);
      await pass(LIMITS.window / 20);
    }
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(breaker.isClosed).toBe(false);
  });

  it('does not let an old success speak for what is tried now', async () => {
    succeed(1_000);
    await pass(LIMITS.window);
    fail(LIMITS.volume);
    expect(breaker.isClosed).toBe(false);
  });

  it('sends one probe after a pause, and none beside it', async () => {
    fail(LIMITS.volume);
    await pass(LIMITS.pause - 1);
    expect(probes).toHaveLength(0);
    await pass(1);
    expect(breaker.state).toBe('half-open');
    expect(breaker.isClosed).toBe(false);
    await pass(DEADLINE_MS - 1);
    expect(probes).toHaveLength(1);
    expect(breaker.state).toBe('half-open');
  });

  it('gives a probe a deadline, and goes on pausing', async () => {
    await pauseAfterOpening();
    await pass(DEADLINE_MS);
    expect(breaker.state).toBe('open');
    await probes[0]!.answer();
    expect(breaker.state).toBe('open');
    await pass(2 * LIMITS.pause - 1);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
  });

  it('closes when the probe is answered, and has forgotten what was', async () => {
    await pauseAfterOpening();
    await probes[0]!.answer();
    expect(states).toEqual(['open', 'half-open', 'closed']);
    fail(LIMITS.volume - 1);
    expect(breaker.isClosed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('pauses twice as long after each probe that fails, up to a limit', async () => {
    fail(LIMITS.volume);
    const began = performance.now();
    for (let time = 0; time < 6; time += 1) {
      while (probes.length === time) await pass(10);
      await probes[time]!.fail();
      expect(breaker.state).toBe('open');
    }
    const pauses = probes.map(({ at }, i) => Math.round(at - (probes[i - 1]?.at ?? began)));
    for (const [i, expected] of [250, 500, 1_000, 2_000, 2_000, 2_000].entries()) {
      expect(pauses[i]).toBeGreaterThanOrEqual(expected);
      expect(pauses[i]).toBeLessThan(expected + 20);
    }
  });

  it('spreads pauses at random, by a quarter to each side', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    expect(await pauseAfterOpening()).toBe(187);
    await probes[0]!.answer();
    jest.spyOn(Math, 'random').mockReturnValue(0.999_999);
    expect(await pauseAfterOpening()).toBe(624);
  });

  it('pauses longer each time that it opens again soon after a probe was answered', async () => {
    expect(await pauseAfterOpening()).toBe(250);
    await probes[0]!.answer();
    expect(await pauseAfterOpening()).toBe(500);
    await probes[1]!.answer();
    expect(await pauseAfterOpening()).toBe(1_000);
  });

  it('begins with the shortest pause again when all was well for two windows', async () => {
    await pauseAfterOpening();
    await probes[0]!.answer();
    await pass(2 * LIMITS.window + 1);
    expect(await pauseAfterOpening()).toBe(250);
  });

  it('closes at once on a new connection, and probes no more', async () => {
    fail(LIMITS.volume);
    breaker.close();
    expect(breaker.isClosed).toBe(true);
    await pass(60_000);
    expect(probes).toHaveLength(0);
    expect(states).toEqual(['open', 'closed']);
  });

  it.each(['answer', 'fail'] as const)(
    'leaves a new connection alone when the probe of the old one ends (%s)',
    async (ending) => {
      await pauseAfterOpening();
      breaker.close();
      await probes[0]![ending]();
      expect(breaker.isClosed).toBe(true);
      fail(LIMITS.volume);
      expect(breaker.state).toBe('open');
    },
  );

  it('does not count what ends while it is open', async () => {
    fail(LIMITS.volume);
    succeed(1_000);
    fail(1_000);
    expect(breaker.state).toBe('open');
    breaker.close();
    fail(LIMITS.volume - 1);
    expect(breaker.isClosed).toBe(true);
    expect(states).toEqual(['open', 'closed']);
  });

  it('probes no more when it is stopped', async () => {
    fail(LIMITS.volume);
    breaker.stop();
    await pass(60_000);
    expect(probes).toHaveLength(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  describe('when an operation is late', () => {
    /** A while after Redis was last heard. */
    const late = async () => {
      await pass(DEADLINE_MS);
      breaker.late();
    };

    it('probes at once if nothing else was heard, however much has succeeded before', async () => {
      succeed(1_000);
      await late();
      expect(breaker.state).toBe('half-open');
      expect(probes).toHaveLength(1);
    });

    it.each([
      ['has succeeded', () => succeed(1)],
      ['has failed in time', () => fail(1)],
      ['has come on', () => breaker.heard()],
    ])('goes on if another one %s meanwhile', async (_, hear) => {
      succeed(1_000);
      await pass(DEADLINE_MS);
      hear();
      await pass(DEADLINE_MS / 2 - 1);
      breaker.late();
      expect(breaker.isClosed).toBe(true);
      await pass(1);
      breaker.late();
      expect(breaker.isClosed).toBe(false);
    });

    it('counts it as one that has failed', async () => {
      succeed(LIMITS.volume / 2);
      for (let time = 0; time < LIMITS.volume / 2; time += 1) breaker.late();
      expect(states).toEqual(['open']);
      expect(probes).toHaveLength(0);
    });

    it('has been shut for a moment, and not open, when Redis was silent for one', async () => {
      await late();
      await probes[0]!.answer();
      expect(states).toEqual(['half-open', 'closed']);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('does not forget it in that moment', async () => {
      for (let time = 0; time < LIMITS.volume / 2; time += 1) {
        await late();
        await probes[time]!.answer();
        succeed(1);
      }
      expect(breaker.isClosed).toBe(true);
      fail(1);
      expect(states.at(-1)).toBe('open');
    });

    it('takes many that were waiting together for one silence', async () => {
      await pass(DEADLINE_MS);
      breaker.late(2 * LIMITS.volume);
      expect(probes).toHaveLength(1);
      await probes[0]!.answer();
      expect(states).toEqual(['half-open', 'closed']);
      fail(LIMITS.volume - 2);
      expect(breaker.isClosed).toBe(true);
      fail(1);
      expect(breaker.state).toBe('open');
    });

    it('counts many each where Redis is not silent', () => {
      succeed(1);
      breaker.late(LIMITS.volume);
      expect(states).toEqual(['open']);
    });

    it('takes the answer to a probe for something that is heard', async () => {
      await late();
      await probes[0]!.answer();
      // One that was sent at about the same time, to another server that is silent.
      breaker.late();
      expect(states).toEqual(['half-open', 'closed']);
    });

    it.each(['is late, too', 'fails'])('opens when the probe %s, and pauses', async (how) => {
      await late();
      if (how === 'fails') await probes[0]!.fail();
      else await pass(DEADLINE_MS);
      expect(states).toEqual(['half-open', 'open']);
      await pass(LIMITS.pause - 1);
      expect(probes).toHaveLength(1);
      await pass(1);
      expect(probes).toHaveLength(2);
    });

    it('probes again as soon as that one is answered at last, and closes when Redis is fast again', async () => {
      await late();
      await pass(DEADLINE_MS + LIMITS.pause / 2);
      await probes[0]!.answer();
      expect(breaker.state).toBe('half-open');
      expect(probes).toHaveLength(2);
      await probes[1]!.answer();
      expect(states).toEqual(['half-open', 'open', 'half-open', 'closed']);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('does so once: where every answer is late, it pauses', async () => {
      await late();
      await pass(DEADLINE_MS + 1);
      await probes[0]!.answer();
      await pass(DEADLINE_MS + 1);
      await probes[1]!.answer();
      expect(breaker.state).toBe('open');
      expect(probes).toHaveLength(2);
    });

    /** Redis is silent as often as a probe may end that at once. */
    const beSilent = async () => {
      for (let time = 0; time < LIMITS.silences; time += 1) {
        await late();
        await probes.at(-1)!.answer();
        expect(breaker.isClosed).toBe(true);
      }
    };

    it('pauses where nothing but a few probes in a row has succeeded', async () => {
      await beSilent();
      await late();
      expect(states).toEqual(['half-open', 'closed', 'half-open', 'closed', 'open']);
      expect(probes).toHaveLength(LIMITS.silences);
    });

    it('does not where an operation has in between, as those of other masters do', async () => {
      await beSilent();
      succeed(1);
      await late();
      expect(breaker.state).toBe('half-open');
    });

    it('does not take another connection for the one that was silent', async () => {
      await late();
      breaker.close();
      expect(breaker.isClosed).toBe(true);
      await probes[0]!.fail();
      expect(states).toEqual(['half-open', 'closed']);
    });

    describe('has a new connection meanwhile, which goes silent, too, and', () => {
      /** With a probe of the connection before, and then one of this. */
      const renew = async () => {
        breaker.close();
        await late();
        expect(breaker.state).toBe('half-open');
      };

      it.each(['answer', 'fail'] as const)('waits for its own sign (%s)', async (ending) => {
        await late();
        await renew();
        await probes[0]![ending]();
        expect(breaker.state).toBe('half-open');
        await probes[1]!.answer();
        expect(breaker.isClosed).toBe(true);
      });

      it.each(['answer', 'fail'] as const)('forgets the probe after a pause (%s)', async (ending) => {
        await pauseAfterOpening();
        breaker.close();
        breaker.late();
        await pass(DEADLINE_MS / 2);
        breaker.late();
        expect(probes).toHaveLength(2);
        await probes[0]![ending]();
        expect(breaker.state).toBe('half-open');
      });

      it('pauses, though the one before answers at last', async () => {
        await late();
        await pass(DEADLINE_MS);
        breaker.close();
        fail(LIMITS.volume);
        await probes[0]!.answer();
        expect(breaker.state).toBe('open');
        expect(probes).toHaveLength(1);
      });
    });

    it('owes a new connection a probe of its own, whatever the one before has answered', async () => {
      await beSilent();
      breaker.close();
      await late();
      expect(breaker.state).toBe('half-open');
    });

    it('has opened when no sign of life comes in time, until it has closed', async () => {
      expect(breaker.hasOpened).toBe(false);
      await late();
      expect(breaker.hasOpened).toBe(false);
      await pass(DEADLINE_MS);
      expect(breaker.hasOpened).toBe(true);
      await probes[0]!.answer();
      expect(breaker.state).toBe('half-open');
      expect(breaker.hasOpened).toBe(true);
      await probes[1]!.answer();
      expect(breaker.hasOpened).toBe(false);
    });

    it.each([
      ['its first probe is answered', () => probes[0]!.answer()],
      ['its first probe fails', () => probes[0]!.fail()],
      ['there is a new connection', async () => breaker.close()],
    ])('stays as it is when it is stopped and %s', async (_, happen) => {
      await late();
      breaker.stop();
      await happen();
      expect(states).toEqual(['half-open']);
    });

    it('stays as it is when it is stopped and a later probe is answered', async () => {
      await pauseAfterOpening();
      breaker.stop();
      await probes[0]!.answer();
      expect(states).toEqual(['open', 'half-open']);
    });

    it('sends no probe when it is stopped', async () => {
      breaker.stop();
      await late();
      expect(probes).toHaveLength(0);
    });

    it('sends no further one when it is stopped meanwhile', async () => {
      await late();
      await pass(DEADLINE_MS);
      breaker.stop();
      await probes[0]!.answer();
      expect(probes).toHaveLength(1);
    });
  });
});
