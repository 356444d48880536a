import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import type { ReadRequest } from './read-request.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** How many keys are remembered. One that is forgotten is reloaded without a pause. */
const MAX_KEYS = 10_000;

interface Pause {
  readonly until: number;
  readonly length: number;
}

/**
 * Pauses between reloads that fail, while there is something stale to serve: 1 s, twice as long each time, up to
 * 30 s, so that a broken source is not hammered.
 */
export class ReloadPauses {
  private readonly pauses = new LRUCache<string, Pause>({ max: MAX_KEYS });

  constructor(private readonly clock: Clock) {}

  /** Whether a reload of that key has failed just now. */
  isPaused(request: ReadRequest): boolean {
    const pause = this.pauses.get(nameOf(request));
    return pause !== undefined && this.clock.now() < pause.until;
  }

  failed(request: ReadRequest): void {
    const name = nameOf(request);
    const before = this.pauses.get(name)?.length ?? FIRST_PAUSE_MS / 2;
    const length = Math.min(before * 2, LONGEST_PAUSE_MS);
    this.pauses.set(name, { until: this.clock.now() + length, length });
  }

  succeeded(request: ReadRequest): void {
    this.pauses.delete(nameOf(request));
  }
}

function nameOf({ cache, key }: ReadRequest): string {
  return `${cache.name} ${key}`;
}
