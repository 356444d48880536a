import type { Invalidation } from '../engine/bus.js';
import type { CachePattern } from '../definition/template.js';
import type { Entry } from '../engine/entry.js';
import type { LoadEnding } from '../engine/load-waiters.js';
import type { Tier } from '../engine/events.js';

/** A value, or a promise of it: a store in memory has no reason to make callers wait. */
export type MaybePromise<T> = T | Promise<T>;

/** What a store found under a key. */
export interface Found {
  /** The entry, if all its tags are current. How old it is, is for the reader to judge. */
  readonly entry?: Entry;
  /**
   * Names what lies under the key, usable or not; `''` when nothing does. Given to {@link CacheStore.acquire}
   * it says "I know that one, and it won't do".
   */
  readonly seen: string;
  /** The store could not be asked. */
  readonly unavailable?: true;
  /** What lay there could not be opened, and was removed. */
  readonly invalid?: true;
}

/**
 * An answer, or what is left to do for it, which may fail: of those that are asked for together, none waits for what
 * only another one needs.
 */
export type Unfinished<T> = T | (() => Promise<T>);

/** How an eviction is to be done. */
export interface HowToEvict {
  /** Reject when it does not reach Redis, and do not carry it out later. @default false */
  readonly strict?: boolean;
}

/** The answer to the wish to load a key. */
export type Acquired =
  /** Yours: load, then {@link CacheStore.store} or {@link CacheStore.release}. */
  | { readonly kind: 'granted' }
  /** Somebody else stored something new meanwhile. */
  | { readonly kind: 'filled'; readonly found: Found }
  /**
   * Somebody else is loading; the lease ends by itself after that many milliseconds. Doubtful, if that one may have
   * been cut off.
   */
  | { readonly kind: 'held'; readonly forMs: number; readonly isDoubtful?: boolean }
  /** The store could not be asked. */
  | { readonly kind: 'unavailable' };

/** The wish to load a key, see {@link CacheStore.acquire}. */
export interface LeaseWish {
  readonly key: string;
  readonly lease: string;
  readonly leaseMs: number;
  readonly seen: string;
}

/** What was loaded, see {@link CacheStore.store}. */
export interface Loaded {
  readonly key: string;
  readonly lease: string;
  readonly entry: Entry;
}

/**
 * Where entries are kept, with leases and tag tokens. Keys and tags come without the namespace.
 *
 * A lease is lock and fence in one: only its holder may store, and evicting or seizing the key takes it away.
 */
export interface CacheStore {
  /** Which tier a hit from here is counted as. */
  readonly tier: Tier;

  /** Reads an entry. `tags` are those it is expected to carry. */
  read(key: string, tags: readonly string[]): MaybePromise<Found>;

  /** Reads many entries at once, in the order of the keys. */
  readMany(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): MaybePromise<readonly Found[]>;

  /** Takes the lease of a key for `leaseMs`, unless it is held or there is an entry other than `seen`. */
  acquire(key: string, lease: string, leaseMs: number, seen: string): MaybePromise<Acquired>;

  /** Lets a lease live on for `leaseMs` from now. Tells whether it still holds. */
  extend(key: string, lease: string, leaseMs: number): MaybePromise<boolean>;

  /**
   * The current token of each tag, in the same order; missing ones are made, and all live on for at least
   * `lifetimeMs` (`Infinity`: for ever). `undefined` when the store could not be asked.
   *
   * They may lag behind an eviction elsewhere by the bus's delay, which is safe for who captures them before a load;
   * `exact` asks the store itself.
   */
  tokens(
    tags: readonly string[],
    lifetimeMs: number,
    exact?: 'exact',
  ): MaybePromise<readonly string[] | undefined>;

  /** Stores an entry if the lease still holds, and ends the lease. Tells whether it was stored. */
  store(key: string, lease: string, entry: Entry): MaybePromise<boolean>;

  /** Ends a lease without storing, if it still holds, and tells who waits for it how the load ended. */
  release(key: string, lease: string, ending?: LoadEnding): MaybePromise<void>;

  /**
   * Takes the lease whoever has it, to put an entry, and removes what is there. Tells whether that could be done.
   */
  seize(key: string, lease: string, leaseMs: number): MaybePromise<boolean>;

  /** Takes the lease if nobody has it, whatever is there. Tells whether that could be done. */
  claim(key: string, lease: string, leaseMs: number): MaybePromise<boolean>;

  /** Stores an entry in place of the one that was `seen`, if it still is there. Tells whether it was. */
  replace(key: string, seen: string, entry: Entry): MaybePromise<boolean>;

  /** Removes entries and takes their leases away. */
  evict(keys: readonly string[], how?: HowToEvict): MaybePromise<void>;

  /** Gives each tag a new token, which makes every entry that carries it unusable. */
  evictTags(tags: readonly string[], how?: HowToEvict): MaybePromise<void>;

  /** Removes every entry whose key matches, with its lease. Returns how many entries there were. */
  evictMatching(pattern: CachePattern, how?: HowToEvict): MaybePromise<number>;

  /** Removes what lies under a key if it still is what was `seen`. */
  discard(key: string, seen: string): MaybePromise<void>;
}

/** A store that several instances share. */
export interface SharedStore extends CacheStore {
  /** Tells the other instances what was evicted, after it has been. */
  announce(invalidation: Invalidation, how?: HowToEvict): Promise<void>;
}
