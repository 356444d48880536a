/**
 * What is stored under a key beside the value: when that was made and how long it may be used, and the tags with the
 * tokens they had when the load began.
 */
export interface EntryHead {
  /** 8 random bytes (16 hex digits) that tell this entry from any other one stored under the same key. */
  readonly id: string;
  /** Name of the cache that stored it. */
  readonly cache: string;
  /** The definition's `version` at that time. */
  readonly version: string;
  /** Creation time, milliseconds since the epoch. */
  readonly createdAt: number;
  /** Until then it is fresh. Milliseconds since the epoch, `Infinity` for ever. */
  readonly freshUntil: number;
  /** Until then it may be served while a refresh runs. At least `freshUntil`. */
  readonly staleUntil: number;
  /** Until then it may be served when a reload fails. At least `freshUntil`. */
  readonly errorUntil: number;
  /** How long its load took, milliseconds; 0 for a put. */
  readonly loadCost: number;
  /** Tags, and the token that each had before the loader ran. Same length, same order. */
  readonly tags: readonly string[];
  readonly tokens: readonly string[];
}

/** What is stored under a key. */
export interface Entry extends EntryHead {
  /** The value as the codec wrote it. */
  readonly payload: Uint8Array;
}

/** The tags that evict it, without those that all entries carry. */
export function userTagsOf({ tags }: Pick<EntryHead, 'tags'>): readonly string[] {
  return tags.filter((tag) => !tag.startsWith('%'));
}

/** After this time the entry is unusable in every way, and no store needs to keep it. */
export function expiresAt(entry: EntryHead): number {
  return Math.max(entry.freshUntil, entry.staleUntil, entry.errorUntil);
}

/** Whether an entry is good enough for whoever asks for a load. */
export type KeepsEntry = (entry: EntryHead) => boolean;
