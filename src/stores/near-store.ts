import type { Entry, EntryHead } from '../engine/entry.js';
import type { KeptValue } from '../engine/kept-value.js';
import type { CacheStore } from './store.js';

/** An entry in memory. */
export interface Resident extends EntryHead {
  /** Until then it may stay here, milliseconds since the epoch. */
  readonly until: number;
  readonly value: KeptValue;
}

export interface MemoryLimits {
  /** Most entries. */
  readonly maxEntries: number;
  /** Most bytes of encoded values and their keys. */
  readonly maxBytes: number;
}

/** A store in this process's memory. In front of a shared store it is L1; without one it is the store itself. */
export interface NearStore extends CacheStore {
  /** How many entries are held. */
  readonly entries: number;
  /** How many bytes they count as. */
  readonly bytes: number;
  /** The entry of a key, if its tags are current and its time here is not over at `now`, milliseconds since the epoch. */
  find(key: string, now: number): Resident | undefined;
  /** Keeps an entry until `until` at the latest, and learns its tokens as the current ones. */
  fill(key: string, entry: Entry, until: number): void;
  /** Removes one entry, without touching its lease. */
  delete(key: string): void;
  evict(keys: readonly string[]): void;
  /** Drops everything, and holds nothing until `resume`. */
  suspend(): void;
  resume(): void;
  /** As in any store, but at once. */
  evictMatching(...pattern: Parameters<CacheStore['evictMatching']>): number;
}
