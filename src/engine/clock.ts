/** Where the engine gets the time from. Tests drive it by hand, see `FakeClock` in `nestjs-roost/testing`. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now() };
