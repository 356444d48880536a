import type { Channel } from '../../engine/channel.js';
import type { BusEvent } from '../../engine/events.js';

/** Messages whose return is awaited at one time. */
const MOST_AWAITED = 1_000;

/**
 * How long the bus takes, on one clock: until this instance hears its own messages, as all others do, and until its
 * subscription answers. Measures only while somebody listens.
 */
export class BusLag {
  private readonly sentAt = new Map<number, number>();

  constructor(private readonly events: Channel<BusEvent> | undefined) {}

  /** A message goes out. */
  sent(number: number): void {
    if (this.events?.active === true && this.sentAt.size < MOST_AWAITED)
      this.sentAt.set(number, performance.now());
  }

  /** A message of this instance's own has come back. */
  heard(number: number): void {
    const since = this.sentAt.get(number);
    if (since === undefined) return;
    this.sentAt.delete(number);
    this.tell('message', since);
  }

  /** The heartbeat begins; the result is to be called when it is answered. */
  beat(): () => void {
    if (this.events?.active !== true) return () => undefined;
    const since = performance.now();
    return () => this.tell('heartbeat', since);
  }

  /** What is on its way may never come. */
  forget(): void {
    this.sentAt.clear();
  }

  private tell(by: 'message' | 'heartbeat', since: number): void {
    this.events?.emit({ kind: 'lag', by, duration: performance.now() - since });
  }
}
