/** How soon Redis is asked again at the latest, milliseconds. */
const ASK_AGAIN_MS = 1_000;
/** The longest pause after one run that Redis has interrupted after the other, milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

export interface RedisBackParts {
  /** Milliseconds. */
  readonly lease: number;
  /** For how long to wait, milliseconds; no less than a lease. */
  readonly patience: number;
  readonly pause: (ms: number) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
  /** Whether nobody waits any more. */
  readonly isOver: () => boolean;
  /** It is away. Told once for each time that it is. */
  readonly onWait: () => void;
}

/** Waits for Redis, on behalf of one run. */
export class RedisBack {
  private since: number | undefined;
  private interruptions = 0;

  constructor(private readonly parts: RedisBackParts) {}

  /** It did not answer. Resolves when it is to be asked again; with `false` when it has been away for too long. */
  async comes(): Promise<boolean> {
    const { lease, patience, pause, now, isOver, onWait } = this.parts;
    if (this.since === undefined) {
      this.since = now();
      onWait();
    }
    if (now() - this.since >= patience) return false;
    await pause(Math.min(lease / 5, ASK_AGAIN_MS));
    return !isOver();
  }

  /** It answered. */
  isHere(): void {
    this.since = undefined;
  }

  /** A run was interrupted. Each time it takes longer until the next attempt: something may be wrong for good. */
  async isLost(): Promise<void> {
    const { lease, pause } = this.parts;
    this.isHere();
    const first = Math.min(lease / 5, ASK_AGAIN_MS);
    await pause(Math.min(first * 2 ** this.interruptions, LONGEST_PAUSE_MS));
    this.interruptions += 1;
  }
}
