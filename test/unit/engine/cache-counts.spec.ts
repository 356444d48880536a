import { BUCKET_MS, CacheCounts } from '../../../src/engine/cache-counts.js';

const MINUTE = 60_000;

describe('counts of the last minutes', () => {
  let now: number;
  let counts: CacheCounts;
  const hit = (times = 1) => {
    for (let i = 0; i < times; i += 1) counts.at(now).hits += 1;
  };
  const hits = (minutes: number) => counts.within(minutes * MINUTE, now).hits;

  beforeEach(() => {
    now = Date.UTC(2030, 0, 1);
    counts = new CacheCounts();
  });

  it('are none before the first', () => {
    expect(counts.within(MINUTE, now)).toMatchObject({ hits: 0, misses: 0, savedMs: 0 });
  });

  it('end when their time is over, one bucket later at most, and stay in the total', () => {
    hit(3);
    now += MINUTE;
    expect([hits(1), hits(5), hits(15)]).toEqual([3, 3, 3]);
    now += BUCKET_MS;
    expect([hits(1), hits(5), hits(15)]).toEqual([0, 3, 3]);
    hit(2);
    expect([hits(1), hits(5), hits(15)]).toEqual([2, 5, 5]);
    now += 5 * MINUTE - BUCKET_MS;
    expect([hits(1), hits(5), hits(15)]).toEqual([0, 2, 5]);
    now += 20 * MINUTE;
    expect([hits(1), hits(5), hits(15)]).toEqual([0, 0, 0]);
    expect(counts.hits).toBe(5);
  });

  it('are right while somebody counts all the time, for longer than the ring is', () => {
    for (let bucket = 0; bucket < 1000; bucket += 1) {
      hit();
      now += BUCKET_MS;
    }
    // The one that begins now is empty; the window's own first bucket is counted as a whole.
    expect([hits(1), hits(5), hits(15)]).toEqual([6, 30, 90]);
  });

  it('count what is counted after the clock was set back', () => {
    hit(3);
    now -= 60 * MINUTE;
    hit(2);
    expect(hits(15)).toBe(2);
    now += BUCKET_MS;
    hit();
    expect(hits(1)).toBe(3);
  });

  it('forget what was counted at a time that is yet to come, when the clock was set back', () => {
    hit(3);
    const then = now;
    now -= 500_000;
    hit(2);
    now = then + BUCKET_MS;
    expect([hits(1), hits(15)]).toEqual([0, 2]);
  });

  it('do not take for lately what was counted between, when the clock was set back', () => {
    hit();
    now += 10 * MINUTE;
    hit(3);
    now -= 10 * MINUTE - BUCKET_MS;
    hit(2);
    expect([hits(1), hits(15)]).toEqual([2, 2]);
  });

  it('keep the last minutes when the clock was set back by a little', () => {
    hit(3);
    now += BUCKET_MS;
    hit();
    now -= 1;
    hit(2);
    expect(hits(1)).toBe(6);
    now += BUCKET_MS;
    hit();
    expect(hits(1)).toBe(7);
    now += MINUTE;
    expect(hits(1)).toBe(1);
  });

  it('are kept of every number', () => {
    const all = counts.at(now);
    all.savedMs += 1.5;
    all.waitMs += 2;
    all.invalid += 1;
    now += MINUTE / 2;
    expect(counts.within(MINUTE, now)).toMatchObject({ savedMs: 1.5, waitMs: 2, invalid: 1, hits: 0 });
  });
});
