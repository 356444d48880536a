import { LeaseWait } from '../../src/engine/lease-wait.js';
import { wrapMethod } from './fleet-wrap.js';

/** Sees loads end that had a turn, or gave up waiting for one. */
export interface LeaseWaits {
  /** Resolves when so many have ended. */
  ended(count: number): Promise<void>;
  restore(): void;
}

export function seeLeaseWaits(): LeaseWaits {
  const lookers = new Set<() => void>();
  let ends = 0;
  const restore = wrapMethod(
    LeaseWait.prototype,
    'end',
    (end) =>
      function note(this: LeaseWait) {
        end.call(this);
        ends += 1;
        for (const look of lookers) look();
      },
  );
  return {
    ended: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (ends >= count) resolve();
        };
        lookers.add(look);
        look();
      }),
    restore,
  };
}
