import type { WarmupPriority } from './cache-warmup.options.js';

const RANK: Readonly<Record<WarmupPriority, number>> = { high: 0, medium: 1, low: 2 };

/** A run's place in the line. */
export interface Place {
  /** Resolves when this run is at the front, or when the signal is aborted. */
  turn(signal: AbortSignal): Promise<void>;
  leave(): void;
}

interface Waiting {
  readonly rank: number;
  readonly wakes: Set<() => void>;
}

/**
 * The runs of this process: the one at the front works, the others wait. `high` is before `medium` is before `low`;
 * among equals who came first. Each asks before each item, so that one of higher priority gets in between.
 */
export class WarmupLine {
  private readonly places: Waiting[] = [];

  join(priority: WarmupPriority): Place {
    const place: Waiting = { rank: RANK[priority], wakes: new Set() };
    const behind = this.places.findIndex(({ rank }) => rank > place.rank);
    this.places.splice(behind === -1 ? this.places.length : behind, 0, place);
    return {
      turn: async (signal) => {
        while (this.places[0] !== place && !signal.aborted) await woken(place, signal);
      },
      leave: () => {
        const at = this.places.indexOf(place);
        if (at === -1) return;
        this.places.splice(at, 1);
        for (const wake of this.places[0]?.wakes ?? []) wake();
      },
    };
  }
}

function woken({ wakes }: Waiting, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      signal.removeEventListener('abort', wake);
      wakes.delete(wake);
      resolve();
    };
    wakes.add(wake);
    signal.addEventListener('abort', wake);
  });
}
