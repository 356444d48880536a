import { parseDuration, type Duration } from '../definition/duration.js';
import type { Clock } from '../engine/clock.js';

/**
 * A clock that stands still until told otherwise. Given to `CacheModule.forRoot({ clock })`, it lets tests end a
 * ttl without waiting. Redis has a clock of its own, which it does not drive.
 */
export class FakeClock implements Clock {
  /** @param time where it starts, milliseconds since the epoch */
  constructor(private time = Date.UTC(2030, 0, 1)) {}

  now(): number {
    return this.time;
  }

  /** Moves on by a duration: `clock.advance('5m')`. */
  advance(duration: Duration): void {
    this.time += parseDuration(duration, '`duration` of `FakeClock.advance`');
  }
}
