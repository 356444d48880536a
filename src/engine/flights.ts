interface Flight<T> {
  readonly generation: number;
  readonly outcome: Promise<T>;
}

/**
 * Reads and loads in progress, one per key: whoever asks for the same key meanwhile joins, unless something
 * was evicted since the flight began.
 */
export class Flights<T> {
  private readonly flights = new Map<string, Flight<T>>();

  /** How many are in progress. */
  get size(): number {
    return this.flights.size;
  }

  /** The flight of that key, if it belongs to the generation. */
  join(key: string, generation: number): Promise<T> | undefined {
    const flight = this.flights.get(key);
    return flight?.generation === generation ? flight.outcome : undefined;
  }

  /** Starts a flight. One of an older generation goes on for those who are on it, but nobody joins it any more. */
  start(key: string, generation: number, run: () => Promise<T>): Promise<T> {
    const flight: Flight<T> = { generation, outcome: run() };
    this.flights.set(key, flight);
    const land = () => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    };
    flight.outcome.then(land, land);
    return flight.outcome;
  }
}
