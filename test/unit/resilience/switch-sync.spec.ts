import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { CacheEvents } from '../../../src/engine/events.js';
import { Switches, type Switched } from '../../../src/engine/switches.js';
import { GateShutError } from '../../../src/resilience/gate.js';
import { SwitchSync, type SharedSwitches } from '../../../src/resilience/switch-sync.js';
import { Gate as Turn } from '../../support/engine.js';

const MINUTE_MS = 60_000;

/** What one merge was asked. */
interface Asked {
  readonly known: readonly Switched[];
  readonly turnedNow: number;
}

/** The other side: what it answers, or that it can't be reached. */
class Shared implements SharedSwitches {
  readonly asked: Asked[] = [];
  answer: () => Promise<readonly Switched[]> = () => Promise.resolve([]);

  merge(known: readonly Switched[], turnedNow: number): Promise<readonly Switched[]> {
    this.asked.push({ known, turnedNow });
    return this.answer();
  }
}

describe('the switches of one process', () => {
  let shared: Shared;
  let switches: Switches;
  let sync: SwitchSync;
  let problems: string[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    shared = new Shared();
    switches = new Switches(new CacheEvents());
    problems = [];
    sync = new SwitchSync({
      switches: () => switches,
      shared,
      gate: { run: async (act) => act(() => undefined) },
      onProblem: (operation) => problems.push(operation),
    });
  });

  afterEach(() => {
    sync.close();
    jest.useRealTimers();
  });

  const turn = (name: string, enabled: boolean, now: number) => {
    switches.turn(name, enabled, now);
    return sync.turned(name);
  };
  const pass = async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    await nextTurn();
  };
  const away = () => Promise.reject(new Error('gone'));
  const position = (name: string) => switches.of(name).position;

  it('are told with what was turned just now in front, and that only once', async () => {
    switches.adopt({ name: 'a', enabled: false, at: 5 });
    await turn('b', false, 10);
    await sync.sync();
    expect(shared.asked).toEqual([
      {
        known: [
          { name: 'b', enabled: false, at: 10 },
          { name: 'a', enabled: false, at: 5 },
        ],
        turnedNow: 1,
      },
      {
        known: [
          { name: 'a', enabled: false, at: 5 },
          { name: 'b', enabled: false, at: 10 },
        ],
        turnedNow: 0,
      },
    ]);
  });

  it('are as the others say', async () => {
    switches.adopt({ name: 'a', enabled: false, at: 5 });
    shared.answer = () => Promise.resolve([{ name: 'a', enabled: true, at: 7 }]);
    await sync.sync();
    expect(switches.turned).toEqual([{ name: 'a', enabled: true, at: 7 }]);
  });

  it('count as later than what is known, whatever the clock says', () => {
    switches.adopt({ name: 'a', enabled: false, at: 1_000 });
    switches.turn('a', true, 10);
    expect(switches.turned).toEqual([{ name: 'a', enabled: true, at: 1_001 }]);
  });

  it('stay where they were turned while an older answer was on its way', async () => {
    const answer = new Turn<readonly Switched[]>();
    shared.answer = () => answer.promise;
    const syncing = sync.sync();
    await nextTurn();
    const turned = turn('a', false, 10);
    answer.resolve([{ name: 'a', enabled: true, at: 99 }]);
    shared.answer = () => Promise.resolve([{ name: 'a', enabled: false, at: 100 }]);
    await syncing;
    expect(position('a')).toBe(false);
    expect(sync.pending).toEqual(['a']);
    await turned;
    expect(shared.asked.at(-1)).toMatchObject({ turnedNow: 1 });
    expect(switches.turned).toEqual([{ name: 'a', enabled: false, at: 100 }]);
    expect(sync.pending).toEqual([]);
  });

  it('are asked for once by all who ask while somebody does', async () => {
    await Promise.all([sync.sync(), sync.sync(), sync.sync()]);
    expect(shared.asked).toHaveLength(1);
    const running = sync.sync();
    await nextTurn();
    await Promise.all([running, sync.sync(), sync.sync()]);
    expect(shared.asked).toHaveLength(2 + 1);
  });

  it('are looked at every minute', async () => {
    await sync.sync();
    await pass(MINUTE_MS - 1);
    expect(shared.asked).toHaveLength(1);
    await pass(1);
    expect(shared.asked).toHaveLength(2);
    await pass(MINUTE_MS);
    expect(shared.asked).toHaveLength(3);
  });

  it('are told again soon when that has failed, and by and by less often', async () => {
    shared.answer = away;
    await turn('a', false, 10);
    expect(position('a')).toBe(false);
    expect(sync.pending).toEqual(['a']);
    expect(problems).toEqual(['switches']);
    await pass(1_000);
    await pass(2_000);
    expect(shared.asked.map(({ turnedNow }) => turnedNow)).toEqual([1, 0, 0]);
    for (let i = 0; i < 10; i += 1) await pass(MINUTE_MS);
    const { length } = shared.asked;
    await pass(MINUTE_MS - 1);
    expect(shared.asked.length - length).toBeLessThanOrEqual(1);
    shared.answer = () => Promise.resolve([{ name: 'a', enabled: false, at: 10 }]);
    await pass(MINUTE_MS);
    expect(sync.pending).toEqual([]);
    shared.answer = away;
    await sync.sync();
    const later = shared.asked.length;
    await pass(1_000);
    expect(shared.asked).toHaveLength(later + 1);
  });

  it('are no problem of their own while nothing is let through', async () => {
    shared.answer = () => Promise.reject(new GateShutError('there is no connection'));
    await turn('a', false, 10);
    expect(problems).toEqual([]);
    expect(sync.pending).toEqual(['a']);
  });

  it('are left alone after the end', async () => {
    await sync.sync();
    sync.close();
    await pass(MINUTE_MS);
    await turn('a', false, 10);
    await pass(MINUTE_MS);
    expect(shared.asked).toHaveLength(1);
    expect(position('a')).toBe(false);
  });

  it('are left alone after an end that comes while they are asked for', async () => {
    const answer = new Turn<readonly Switched[]>();
    shared.answer = () => answer.promise;
    const syncing = sync.sync();
    await nextTurn();
    sync.close();
    answer.resolve([]);
    await syncing;
    await pass(MINUTE_MS);
    expect(shared.asked).toHaveLength(1);
  });
});
