import { jest } from '@jest/globals';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { RecentEvictions } from '../../../src/resilience/recent-evictions.js';

const REMEMBERED_MS = 30_000;

describe('recent evictions', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const keysOf = (recent: RecentEvictions) => recent.all.flatMap(({ keys = [] }) => keys);

  it('are there for thirty seconds, and gone after three times as long', () => {
    const recent = new RecentEvictions();
    recent.add({ keys: ['a'] });
    jest.advanceTimersByTime(REMEMBERED_MS - 1);
    expect(keysOf(recent)).toEqual(['a']);
    jest.advanceTimersByTime(2 * REMEMBERED_MS + 1);
    expect(keysOf(recent)).toEqual([]);
  });

  it('hold keys, tags and patterns', () => {
    const recent = new RecentEvictions();
    const what = { keys: ['a'], tags: ['t'], patterns: ['bot:*'] };
    recent.add(what);
    jest.advanceTimersByTime(REMEMBERED_MS);
    expect(recent.all).toContainEqual(what);
  });

  it('of the last thirty seconds are never missing, whenever they are added and asked for', () => {
    const steps = array(
      record({ after: integer({ min: 0, max: 40_000 }), kind: constantFrom('add', 'ask') }),
      { minLength: 1, maxLength: 40 },
    );
    assert(
      property(steps, (schedule) => {
        const recent = new RecentEvictions();
        const added: { readonly key: string; readonly at: number }[] = [];
        for (const { after, kind } of schedule) {
          jest.advanceTimersByTime(after);
          const now = performance.now();
          if (kind === 'add') {
            added.push({ key: `${added.length}`, at: now });
            recent.add({ keys: [`${added.length - 1}`] });
          } else {
            const keys = keysOf(recent);
            const due = added.filter(({ at }) => now - at < REMEMBERED_MS);
            for (const { key } of due) expect(keys).toContain(key);
            const old = added.filter(({ at }) => now - at >= 3 * REMEMBERED_MS);
            for (const { key } of old) expect(keys).not.toContain(key);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
