import { CacheLoadTimeoutError } from '../errors.js';
import type { BackgroundWork } from './background-work.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { EntryHead } from './entry.js';
import type { CacheEvents } from './events.js';
import { Flights, type FlightLimits } from './flights.js';
import { GaveUpError, type Audience } from './how-to-load.js';
import type { Generations } from './generations.js';
import type { Outcome } from './outcome.js';
import type { ReadRequest } from './read-request.js';
import { isDueAhead } from './refresh-ahead.js';
import { ReloadPauses } from './reload-pauses.js';
import { settlesWithin } from './settled-within.js';

export interface ReloadsParts {
  readonly clock: Clock;
  readonly generations: Generations;
  readonly events: CacheEvents;
  readonly background: BackgroundWork;
  readonly lease: FlightLimits;
}

/** Loads of what there is already: beside the callers, or with callers that wait only so long. */
export class Reloads {
  private readonly refreshes: Flights<Outcome>;
  private readonly pauses: ReloadPauses;

  constructor(private readonly parts: ReloadsParts) {
    this.refreshes = new Flights(parts.generations, parts.lease);
    this.pauses = new ReloadPauses(parts.clock);
  }

  /** How many run in the background. */
  get inFlight(): number {
    return this.refreshes.size;
  }

  /** Whether an entry that is served at `now` should be loaded anew meanwhile: it is stale, or soon will be. */
  isDue({ policy }: BoundCache, entry: EntryHead, now: number): boolean {
    return now >= entry.freshUntil || isDueAhead(policy, entry, now);
  }

  /** Whether the last load of that key has failed just now, so that what is stale has to do. */
  isPaused(request: ReadRequest): boolean {
    return this.pauses.isPaused(request);
  }

  /**
   * Whether nobody refreshes that key, and its last load has not failed just now. Not of a cache that was disabled
   * while the entry was read.
   */
  canRefresh(request: ReadRequest): boolean {
    const { cache, key } = request;
    return cache.enabled && this.refreshes.find(cache, key) === undefined && !this.isPaused(request);
  }

  /** Loads in the background, if nobody does. What another instance has stored meanwhile is as good. */
  refresh(request: ReadRequest, load: () => Promise<Outcome>): void {
    if (!this.canRefresh(request)) return;
    const refresh = this.refreshes.start(request, load);
    this.parts.background.start('refresh', () => this.noteResult(request, refresh).catch(unlessGivenUp));
  }

  /**
   * Waits for a load as long as the policy says: with something to fall back on until `softTimeout`, and
   * without until `hardTimeout`. The load itself goes on, and stores.
   */
  async wait(
    request: ReadRequest,
    load: Promise<Outcome>,
    audience: Audience,
    fallback: Outcome | undefined,
  ): Promise<Outcome> {
    const result = this.noteResult(request, load);
    const patience = patienceOf(request, fallback !== undefined);
    if (patience !== undefined && !(await settlesWithin(patience, result))) {
      audience.hasLeft = true;
      this.parts.background.start('load', () => result.catch(unlessGivenUp));
      if (fallback !== undefined) return fallback;
      throw new CacheLoadTimeoutError(request.cache.name, patience);
    }
    if (fallback === undefined) return result;
    try {
      return await result;
    } catch (error) {
      this.parts.events.problems.emit({ operation: 'load', error });
      return fallback;
    }
  }

  /** Sees that the next reload of a key pauses if this one fails. */
  private async noteResult(request: ReadRequest, load: Promise<Outcome>): Promise<Outcome> {
    try {
      const outcome = await load;
      this.pauses.succeeded(request);
      return outcome;
    } catch (error) {
      if (!(error instanceof GaveUpError)) this.pauses.failed(request);
      throw error;
    }
  }
}

/** Whoever has the turn tells how that load ends. */
function unlessGivenUp(error: unknown): void {
  if (!(error instanceof GaveUpError)) throw error;
}

/** How long a caller waits for a load, milliseconds. */
function patienceOf({ cache: { policy } }: ReadRequest, hasFallback: boolean): number | undefined {
  const { softTimeout, hardTimeout } = policy;
  if (!hasFallback || softTimeout === undefined) return hardTimeout;
  return Math.min(softTimeout, hardTimeout ?? softTimeout);
}
