import { encodeArguments } from '../definition/canonical.js';

/** An event that waits for its warmup. */
export interface Trigger {
  readonly payload: unknown;
  /** When it was emitted, by the caches' clock. */
  readonly since: number;
}

/** The events that wait for one warmup: equal ones once, and no more than so many. */
export class TriggerQueue {
  private readonly waiting = new Map<unknown, Trigger>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.waiting.size;
  }

  /** Tells whether there was room. */
  add(trigger: Trigger): boolean {
    const key = keyOf(trigger.payload);
    if (!this.waiting.has(key) && this.waiting.size >= this.most) return false;
    // An equal one keeps its place, and is as late as the latest.
    this.waiting.set(key, trigger);
    return true;
  }

  /** Takes the one that waits longest. */
  take(): Trigger | undefined {
    const [first] = this.waiting;
    if (first === undefined) return undefined;
    this.waiting.delete(first[0]);
    return first[1];
  }

  /** One that was taken waits again, unless an equal one has come since. */
  putBack(trigger: Trigger): void {
    const key = keyOf(trigger.payload);
    if (!this.waiting.has(key)) this.waiting.set(key, trigger);
  }

  clear(): void {
    this.waiting.clear();
  }
}

/** Equal for payloads with equal content. What has none that can be compared is equal to itself only. */
function keyOf(payload: unknown): unknown {
  try {
    return encodeArguments([payload]);
  } catch {
    return payload;
  }
}
