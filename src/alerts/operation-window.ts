const WINDOW_MS = 60_000;
const SLOT_MS = 5_000;
const SLOTS = WINDOW_MS / SLOT_MS + 1;

interface Slot {
  index: number;
  total: number;
  failed: number;
}

/** Counts of operations on Redis, of the last minute or so, in slots of time: whoever looks changes nothing. */
export class OperationWindow {
  private readonly slots: Slot[] = Array.from({ length: SLOTS }, () => ({ index: -1, total: 0, failed: 0 }));

  /** @param clock milliseconds from any time on; never goes back */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  count(hasFailed: boolean): void {
    const index = this.index();
    const slot = this.slots[index % SLOTS]!;
    if (slot.index !== index) Object.assign(slot, { index, total: 0, failed: 0 });
    slot.total += 1;
    if (hasFailed) slot.failed += 1;
  }

  /** Of the last minute. It begins with a whole slot. */
  sum(): { readonly total: number; readonly failed: number } {
    const oldest = this.index() - SLOTS + 1;
    const sum = { total: 0, failed: 0 };
    for (const { index, total, failed } of this.slots) {
      if (index < oldest) continue;
      sum.total += total;
      sum.failed += failed;
    }
    return sum;
  }

  private index(): number {
    return Math.floor(this.clock() / SLOT_MS);
  }
}
