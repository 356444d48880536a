import type { Tier } from './events.js';
import { expiresAt, userTagsOf, type EntryHead } from './entry.js';

/** One tier's entry, without its value. */
export interface EntryDetails {
  /** Name of the cache that stored it. */
  readonly cache: string;
  /** Milliseconds since it was made. */
  readonly age: number;
  /** Milliseconds that it stays fresh; below 0 it is stale. `Infinity` for ever. */
  readonly freshFor: number;
  /** Milliseconds until it is unusable. `Infinity` for ever. */
  readonly usableFor: number;
  /** Bytes of the encoded value. */
  readonly bytes: number;
  /** The tags that evict it, without those that all entries carry. */
  readonly tags: readonly string[];
}

/** What is stored under a key. A tier that holds nothing usable is left out. */
export interface EntryReport {
  readonly key: string;
  readonly tiers: Partial<Readonly<Record<Tier, EntryDetails>>>;
}

export function detailsOf(entry: EntryHead, bytes: number, now: number): EntryDetails {
  return {
    cache: entry.cache,
    age: Math.max(0, now - entry.createdAt),
    freshFor: entry.freshUntil - now,
    usableFor: expiresAt(entry) - now,
    bytes,
    tags: userTagsOf(entry),
  };
}
