import type { Entry } from '../engine/entry.js';
import type { TagState } from '../engine/tag-tokens.js';
import type { CacheStore } from './store.js';

/** An entry in memory. */
export interface Resident {
  readonly entry: Entry;
  /** The state of each of the entry's tags, for a comparison without a look-up. */
  readonly tagStates: readonly TagState[];
  /** Until then it may stay here, milliseconds since the epoch. */
  readonly until: number;
  /** The decoded value, once somebody needed it and all may share it. */
  shared?: { readonly value: unknown };
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
  /** The entry of a key, if its tags are current and its time here is not over. */
  find(key: string): Resident | undefined;
  /** Keeps an entry until `until` at the latest, and learns its tokens as the current ones. */
  fill(key: string, entry: Entry, until: number): Resident;
  /** Removes one entry, without touching its lease. */
  delete(key: string): void;
  evict(keys: readonly string[]): void;
  /** Drops everything, and holds nothing until `resume`. */
  suspend(): void;
  resume(): void;
  /** As in any store, but at once. */
  evictMatching(...pattern: Parameters<CacheStore['evictMatching']>): number;
}
