const WINDOW_MS = 60_000;

interface Slot {
  total: number;
  failed: number;
}

/** Counts of operations on Redis, of the last minute or so: one slot for each evaluation. */
export class OperationWindow {
  private readonly slots: Slot[] = [{ total: 0, failed: 0 }];
  private readonly most: number;

  constructor(intervalMs: number) {
    this.most = Math.max(1, Math.ceil(WINDOW_MS / intervalMs));
  }

  count(hasFailed: boolean): void {
    const slot = this.slots.at(-1)!;
    slot.total += 1;
    if (hasFailed) slot.failed += 1;
  }

  /** What there is, with the current slot; the next one begins. */
  take(): Slot {
    const sum = this.slots.reduce((all, { total, failed }) => ({
      total: all.total + total,
      failed: all.failed + failed,
    }));
    this.slots.push({ total: 0, failed: 0 });
    if (this.slots.length > this.most) this.slots.shift();
    return sum;
  }
}
