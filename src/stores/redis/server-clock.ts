import { SteadyClock } from '../../engine/clock.js';
import type { RedisNode } from './redis-client.js';

/** How often it is set, milliseconds: clocks drift. */
const INTERVAL_MS = 60_000;
/** An answer that took longer, milliseconds, tells too little: the event loop may have been blocked meanwhile. */
const LONGEST_TRIP_MS = 100;

/**
 * Redis's clock, which all instances share: an instance whose own clock is wrong would else keep entries for too long,
 * or take those of the others for old. Between two looks at Redis it goes by a clock that never jumps.
 */
export class ServerClock extends SteadyClock {
  protected origin = performance.timeOrigin;
  private isSet = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param node who tells the time; the same one for all instances */
  constructor(private readonly node: () => RedisNode | undefined) {
    super();
  }

  /** Sets it, and goes on doing so. It stays as it is while Redis does not answer. */
  async start(): Promise<void> {
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.set(), INTERVAL_MS).unref();
    await this.set();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async set(): Promise<void> {
    const before = performance.now();
    try {
      const [seconds, microseconds] = (await this.node()?.time()) ?? [];
      const time = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
      // Half of the way there and back: that is when Redis looked at it.
      const after = performance.now();
      if (time > 0 && (after - before < LONGEST_TRIP_MS || !this.isSet)) {
        this.origin = time - (before + after) / 2;
        this.isSet = true;
      }
    } catch {
      // Not allowed, or not there: the next connection brings another try.
    }
  }
}
