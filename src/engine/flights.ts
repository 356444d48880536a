import type { BoundCache } from './bound-cache.js';
import type { Generations } from './generations.js';
import type { ReadRequest } from './read-request.js';

interface Flight<T> {
  readonly request: ReadRequest;
  /** When it began, on the clock of `performance.now()`. */
  readonly since: number;
  readonly outcome: Promise<T>;
}

/**
 * Reads and loads in progress, one per cache and key: whoever asks for the same key meanwhile joins, unless something
 * that may concern it was evicted since it began. Any tag may: the entry that is found can carry more tags than the
 * flight knows of. Who does not join still shares the load, by its lease.
 */
export class Flights<T> {
  private readonly flights = new Map<BoundCache, Map<string, Flight<T>>>();
  private count = 0;

  constructor(
    private readonly generations: Generations,
    /** A flight that is older, milliseconds, is taken for one that never ends: it is joined no more. */
    private readonly longest: number,
  ) {}

  /** How many are in progress. */
  get size(): number {
    return this.count;
  }

  /** The flight of that key of that cache, if nothing was evicted since it began. */
  join(cache: BoundCache, key: string): Promise<T> | undefined {
    const flight = this.flights.get(cache)?.get(key);
    if (flight === undefined || !this.generations.isCurrent(flight.request)) return undefined;
    return performance.now() - flight.since < this.longest ? flight.outcome : undefined;
  }

  /** Starts a flight. One that was overtaken by an eviction goes on for those who are on it, but nobody joins it. */
  start(request: ReadRequest, run: () => Promise<T>): Promise<T> {
    const { cache, key } = request;
    const flight: Flight<T> = { request, since: performance.now(), outcome: run() };
    const ofCache = this.flights.get(cache) ?? new Map<string, Flight<T>>();
    this.flights.set(cache, ofCache.set(key, flight));
    this.count += 1;
    const land = () => {
      this.count -= 1;
      if (ofCache.get(key) === flight) ofCache.delete(key);
    };
    flight.outcome.then(land, land);
    return flight.outcome;
  }
}
