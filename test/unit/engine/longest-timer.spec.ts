import { LeaseKeeper } from '../../../src/engine/lease-keeper.js';
import { settlesWithin } from '../../../src/engine/settled-within.js';
import type { CacheStore } from '../../../src/stores/store.js';
import { Gate } from '../../support/engine.js';

const NINETY_DAYS_MS = 90 * 86_400_000;

/** Longer than what a timer waits that was given too much: 1 ms. */
const aMoment = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

describe('a time that is longer than any timer', () => {
  it('is waited for all the same', async () => {
    const gate = new Gate<string>();
    const settles = settlesWithin(NINETY_DAYS_MS, gate.promise);
    await aMoment();
    gate.resolve('value');
    expect(await settles).toBe(true);
  });

  it('as the ttl of a lease does not extend it all the time', async () => {
    let extended = 0;
    const store = {
      extend: () => {
        extended += 1;
        return Promise.resolve(true);
      },
    } as Partial<CacheStore> as CacheStore;
    const limits = { ttl: NINETY_DAYS_MS, max: NINETY_DAYS_MS, wait: NINETY_DAYS_MS };
    const letGo = new LeaseKeeper(limits).keep(store, 'key', 'lease');
    await aMoment();
    letGo();
    expect(extended).toBe(0);
  });
});
