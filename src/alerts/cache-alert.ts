/** Something about the caches is not as it should be, or is so again. */
export interface CacheAlert {
  /** Name of the rule. */
  readonly name: string;
  readonly state: 'raised' | 'cleared';
  /** What was measured, in the unit of the rule. */
  readonly value: number;
  /** What it has crossed. */
  readonly threshold: number;
  /** What it is about, in words. */
  readonly summary: string;
  /** When it was raised, or cleared, milliseconds since the epoch. */
  readonly at: number;
}

declare module '../engine/events.js' {
  interface CacheTelemetry {
    /** An alert of `nestjs-roost/alerts` was raised or cleared. */
    alert: CacheAlert;
  }
}
