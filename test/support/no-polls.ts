import { LoadWaiter } from '../../src/engine/load-waiters.js';
import { wrapMethod } from './fleet-wrap.js';

const FOR_EVER_MS = 2 ** 31 - 1;

/** Those who wait for somebody else's load, while none of them looks by itself: who goes on was woken. */
export interface NoPolls {
  /** Resolves when somebody has begun to wait that often. */
  waiting(count: number): Promise<void>;
  restore(): void;
}

export function withoutPolls(): NoPolls {
  const lookers = new Set<() => void>();
  let waits = 0;
  const restore = wrapMethod(
    LoadWaiter.prototype,
    'wait',
    (wait) =>
      function waitToBeWoken(this: LoadWaiter) {
        const woken = wait.call(this, FOR_EVER_MS);
        waits += 1;
        for (const look of lookers) look();
        return woken;
      },
  );
  return {
    waiting: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (waits >= count) resolve();
        };
        lookers.add(look);
        look();
      }),
    restore,
  };
}
