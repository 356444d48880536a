/** Which tier answered: the process's own memory, or Redis. */
export type Tier = 'l1' | 'l2';

/** What one read of a cache came to. The one source for headers, statistics and tests. */
export interface CacheRead {
  /** Name of the cache. */
  readonly cache: string;
  /** The entry's key, without the namespace. */
  readonly key: string;
  /**
   * `hit`: a fresh entry. `stale`: an entry past its ttl, served while it is refreshed or because its reload
   * failed. `miss`: the loader ran, or there was nothing. `bypass`: the cache is disabled, or the call was
   * told to pass it by.
   */
  readonly outcome: 'hit' | 'stale' | 'miss' | 'bypass';
  /** Where a hit or stale entry came from. */
  readonly tier?: Tier;
  /** Whether the caller shared another caller's read or load. */
  readonly coalesced: boolean;
}

/** A loader has run. */
export interface CacheLoad {
  readonly cache: string;
  readonly key: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly failed: boolean;
}

/** An entry has been stored where all instances find it. */
export interface CacheStored {
  readonly cache: string;
  readonly key: string;
  readonly by: 'load' | 'put';
  /** Size of the encoded value. */
  readonly bytes: number;
  /** The tags that evict it, without those that all entries carry. */
  readonly tags: readonly string[];
}

/** Something has been evicted. */
export interface CacheEviction {
  /** `cache`: all of one; `all`: the namespace. */
  readonly kind: 'key' | 'tag' | 'pattern' | 'cache' | 'all';
  /** The key, the tag, the pattern's text, or the cache's name; `''` for `all`. */
  readonly what: string;
  /** `elsewhere`: another instance did it, and this one was told. */
  readonly origin: 'here' | 'elsewhere';
}

/** Something went wrong that no caller is told about, since the call itself could be answered. */
export interface CacheProblem {
  /** What was being done, such as `store` or `refresh`. Never holds keys or values. */
  readonly operation: string;
  readonly error: unknown;
}

/** A cache was turned on or off at run time, here or by another instance. */
export interface CacheSwitched {
  /** Name of the cache. */
  readonly cache: string;
  readonly enabled: boolean;
}

type Listener<T> = (event: T) => void;

/** A list of listeners that costs nothing while it is empty. */
export class Channel<T> {
  private listeners: readonly Listener<T>[] = [];

  /** Whether anybody listens. Ask before making an event on a hot path. */
  get active(): boolean {
    return this.listeners.length > 0;
  }

  /** Adds a listener and returns the function that removes it. */
  subscribe(listener: Listener<T>): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
    };
  }

  emit(event: T): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** What the engine tells about itself. */
export class CacheEvents {
  readonly reads = new Channel<CacheRead>();
  readonly loads = new Channel<CacheLoad>();
  readonly stores = new Channel<CacheStored>();
  readonly evictions = new Channel<CacheEviction>();
  readonly problems = new Channel<CacheProblem>();
  readonly switches = new Channel<CacheSwitched>();
}
