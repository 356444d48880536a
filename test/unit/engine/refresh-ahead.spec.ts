import * as fc from 'fast-check';
import { isDueAhead } from '../../../src/engine/refresh-ahead.js';
import type { Policy } from '../../../src/engine/policy.js';
import { entryOf } from '../../support/entries.js';

const TTL = 100_000;
const TRIES = 20_000;

/** How often, out of many tries, an entry is due at that time. */
function shareDue(now: number, loadCost: number): number {
  const entry = entryOf({ now: 0, ttl: TTL, loadCost });
  let due = 0;
  for (let i = 0; i < TRIES; i++) {
    if (isDueAhead({ refreshAhead: 'probabilistic' } as Policy, entry, now)) due += 1;
  }
  return due / TRIES;
}

describe('XFetch', () => {
  it.each([
    [99_000, 1_000],
    [98_000, 1_000],
    [95_000, 5_000],
    [99_990, 10],
    [90_000, 1_000],
  ])('at %d ms of 100,000 with loads of %d ms is due as often as the paper has it', (now, loadCost) => {
    // −δ·ln(rand) ≥ time left, hence exp(−left / δ). Five standard deviations of a share of so many tries.
    const expected = Math.exp(-(TTL - now) / loadCost);
    expect(Math.abs(shareDue(now, loadCost) - expected)).toBeLessThan((5 * 0.5) / Math.sqrt(TRIES));
  });

  it('is always due at the end, and never for an entry for ever', () => {
    expect(shareDue(TTL, 0)).toBe(1);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (now) => {
        const entry = { ...entryOf({ now: 0 }), freshUntil: Infinity, loadCost: 1e9 };
        return !isDueAhead({ refreshAhead: 'probabilistic' } as Policy, entry, now);
      }),
    );
  });
});
