import { OperationWindow } from '../../../src/alerts/operation-window.js';

describe('operations of the last minute', () => {
  let now: number;
  let window: OperationWindow;

  beforeEach(() => {
    now = 1_000_000;
    window = new OperationWindow(() => now);
  });

  it('are the same for whoever looks, however often', () => {
    window.count(true);
    window.count(false);
    for (let i = 0; i < 10; i += 1) expect(window.sum()).toEqual({ total: 2, failed: 1 });
  });

  it('end with the minute, one slot later at most', () => {
    window.count(true);
    now += 30_000;
    window.count(false);
    now += 30_000;
    expect(window.sum()).toEqual({ total: 2, failed: 1 });
    now += 5_000;
    expect(window.sum()).toEqual({ total: 1, failed: 0 });
    now += 600_000;
    expect(window.sum()).toEqual({ total: 0, failed: 0 });
  });

  it('are right while they go on for longer than the window is', () => {
    for (let i = 0; i < 100; i += 1) {
      window.count(i % 2 === 0);
      now += 5_000;
    }
    // The slot that begins now is empty; the window's own first slot is counted as a whole.
    expect(window.sum()).toEqual({ total: 12, failed: 6 });
  });
});
