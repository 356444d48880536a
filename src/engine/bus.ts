import type { LoadEnding } from './load-waiters.js';

/** What one instance evicted, as the others are told. Never holds values. */
export interface Invalidation {
  readonly keys?: readonly string[];
  readonly tags?: readonly string[];
  /** The texts of patterns. */
  readonly patterns?: readonly string[];
}

/** What the bus tells this instance. */
export interface BusListener {
  /** Another instance evicted something. */
  invalidated(invalidation: Invalidation): void;
  /** A load that somebody waits for has ended, here or elsewhere. */
  loadEnded(key: string, ending: LoadEnding): void;
  /** From now on every message arrives. */
  armed(): void;
  /**
   * Messages may be lost: what memory holds can't be trusted until `armed`.
   *
   * @param reason none, when this instance itself has ended it
   */
  broken(reason?: string): void;
}

/** What the bus tells beside evictions and loads. */
export interface FleetListener extends BusListener {
  /** Another instance has turned a switch. */
  switched(): void;
}

/** How one instance tells the others what it evicted. */
export interface Bus {
  /** Resolves when the message is out; rejects when it can't be sent. */
  publish(invalidation: Invalidation): Promise<void>;
}
