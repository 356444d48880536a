/** Those who wait for room, and how much. */
interface Waiting {
  readonly places: number;
  readonly enter: () => void;
}

/**
 * Lets a limited number of operations run at a time; the others wait for their turn. A burst would else queue up in
 * the connection, where the last ones reach their deadline before Redis has had a chance to answer. An operation that
 * does the work of many takes the places of many.
 */
export class Turnstile {
  private taken = 0;
  private readonly waiting: Waiting[] = [];

  constructor(private readonly width: number) {}

  /** Whether there is room, and nobody waits for it. */
  hasRoom(places: number): boolean {
    return this.waiting.length === 0 && this.fits(places);
  }

  /** Enters; resolves when it is one's turn, or is `undefined` when that is now. */
  enter(places: number): Promise<void> | undefined {
    if (!this.hasRoom(places)) {
      return new Promise((resolve) => this.waiting.push({ places, enter: resolve }));
    }
    this.taken += places;
    return undefined;
  }

  leave(places: number): void {
    this.taken -= places;
    for (let next = this.waiting[0]; next !== undefined && this.fits(next.places); next = this.waiting[0]) {
      this.waiting.shift();
      this.taken += next.places;
      next.enter();
    }
  }

  /** What is wider than the turnstile passes alone. */
  private fits(places: number): boolean {
    return this.taken === 0 || this.taken + places <= this.width;
  }
}
