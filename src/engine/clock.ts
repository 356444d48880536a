/** Where the engine gets the time from. Tests drive it by hand, see `FakeClock` in `nestjs-roost/testing`. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The clock of the machine as it was when the process started, and on from there: it does not jump when that is set. */
export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() };
