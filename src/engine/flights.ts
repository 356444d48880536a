import type { BoundCache } from './bound-cache.js';
import type { Generations } from './generations.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';
import type { ReadRequest } from './read-request.js';

/** How long flights are joined, and waited for, milliseconds. */
export interface FlightLimits {
  /** One that is older is taken for one that never ends: it is joined no more. */
  readonly max: number;
  /** Longest wait of those who have joined. */
  readonly wait: number;
}

/** A read or load in progress. */
export class Flight<T> {
  private whoJoined: Promise<T | undefined> | undefined;

  outcome!: Promise<T>;

  constructor(
    readonly request: ReadRequest,
    /** When it began, on the clock of `performance.now()`. */
    readonly since: number,
    private readonly longestWait: number,
  ) {}

  /**
   * Waits for it with all others who have joined, for a limited time: it may be waiting for them. Resolves with
   * `undefined` when that is over.
   */
  joined(): Promise<T | undefined> {
    this.whoJoined ??= new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(undefined), Math.min(this.longestWait, LONGEST_TIMER_MS));
      this.outcome.then(resolve, reject).finally(() => clearTimeout(timer));
    });
    return this.whoJoined;
  }
}

/**
 * Reads and loads in progress, one per key of a cache: whoever asks for the same key meanwhile joins, unless something
 * that may concern it was evicted since it began. Any tag may: the entry that is found can carry more tags than the
 * flight knows of. Who has other timeouts does not join, since a flight ends when those of its leader say. Who does not
 * join still shares the load, by its lease.
 */
export class Flights<T> {
  private readonly flights = new Map<string, Map<string, Flight<T>>>();
  private count = 0;

  constructor(
    private readonly generations: Generations,
    private readonly limits: FlightLimits,
  ) {}

  /** How many are in progress. */
  get size(): number {
    return this.count;
  }

  /** The flight of that key of that cache, if nothing was evicted since it began. */
  find(cache: BoundCache, key: string): Flight<T> | undefined {
    const flight = this.flights.get(cache.flightGroup)?.get(key);
    if (flight === undefined || !this.generations.isCurrent(flight.request)) return undefined;
    return performance.now() - flight.since < this.limits.max ? flight : undefined;
  }

  /** Starts a flight. One that was overtaken by an eviction goes on for those who are on it, but nobody joins it. */
  start(request: ReadRequest, run: () => Promise<T>): Promise<T> {
    return this.begin(request, performance.now(), async (flight) => {
      try {
        return await run();
      } finally {
        this.land(flight);
      }
    });
  }

  /** Starts one that began at `since`, and whose pilot sees that it lands. */
  begin(request: ReadRequest, since: number, run: (flight: Flight<T>) => Promise<T>): Promise<T> {
    const { flightGroup } = request.cache;
    const flight = new Flight<T>(request, since, this.limits.wait);
    let ofCache = this.flights.get(flightGroup);
    if (ofCache === undefined) this.flights.set(flightGroup, (ofCache = new Map()));
    ofCache.set(request.key, flight);
    this.count += 1;
    flight.outcome = run(flight);
    return flight.outcome;
  }

  /** Nobody joins it any more. */
  land(flight: Flight<T>): void {
    const { cache, key } = flight.request;
    this.count -= 1;
    const ofCache = this.flights.get(cache.flightGroup);
    if (ofCache?.get(key) === flight) ofCache.delete(key);
  }
}
