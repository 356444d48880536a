/** How long a time is taken for the present one, milliseconds, while the event loop runs. */
const RECENT_MS = 50;
/** How often it is, at most: what never lets a timer run must not make it stand still. */
const MOST_USES = 1_000;
/** Who has put another one in its place drives the time by hand. */
const ownSetTimeout = setTimeout;

/** Where the engine gets the time from. Tests drive it by hand, see `FakeClock` in `nestjs-roost/testing`. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * The same as it was a moment ago, for those who ask very often and can do with that: while the event loop is
   * blocked it stands still. Left out: `now`.
   */
  lately?(): number;
}

/** The time of a clock as it was a moment ago. */
export function latelyOn(clock: Clock): number {
  return clock.lately?.() ?? clock.now();
}

/** Time that does not jump when the clock of the machine is set. */
export abstract class SteadyClock implements Clock {
  private time = 0;
  private usesLeft = 0;
  private isTimed = false;

  /** The time at which `performance.now()` was 0, milliseconds since the epoch. */
  protected abstract get origin(): number;

  now(): number {
    return this.origin + performance.now();
  }

  lately(): number {
    if (setTimeout !== ownSetTimeout) return this.now();
    if (this.usesLeft === 0) this.look();
    this.usesLeft -= 1;
    return this.time;
  }

  private look(): void {
    this.time = this.now();
    this.usesLeft = MOST_USES;
    if (this.isTimed) return;
    this.isTimed = true;
    setTimeout(() => {
      this.isTimed = false;
      this.usesLeft = 0;
    }, RECENT_MS).unref();
  }
}

/** The clock of the machine as it was when the process started, and on from there. */
class SystemClock extends SteadyClock {
  protected get origin(): number {
    return performance.timeOrigin;
  }
}

export const systemClock: Clock = new SystemClock();
