/**
 * The codes of all errors that this library makes. Compare codes rather than classes: an application may
 * load the ESM and the CommonJS build side by side, and each has its own classes.
 */
export type CacheErrorCode =
  /** A module option, a definition or an environment variable breaks a rule. Thrown at start. */
  | 'CACHE_INVALID_OPTION'
  /** A decorator or a handle is used in a way that cannot work. Thrown at decoration, at start or at the call. */
  | 'CACHE_INVALID_USE'
  /** A key, tag or pattern cannot be made from the given arguments. */
  | 'CACHE_INVALID_KEY'
  /**
   * A value cannot be stored, because it holds something that has no stored form (a function, a symbol), or is larger
   * than `maxEntryBytes`.
   */
  | 'CACHE_UNCACHEABLE_VALUE'
  /** Stored bytes are not an entry of this library, or not one that this version, with its keys, can read. */
  | 'CACHE_INVALID_ENTRY'
  /** A load took longer than its cache's `hardTimeout`. */
  | 'CACHE_LOAD_TIMEOUT'
  /** Redis is configured but not reachable, or did not answer within its deadline. */
  | 'CACHE_REDIS_UNAVAILABLE';

/** Every error that this library itself makes. A loader's own error is passed on untouched, never wrapped. */
export class CacheError extends Error {
  override readonly name: string = 'CacheError';

  constructor(
    readonly code: CacheErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Thrown to callers when a load takes longer than `hardTimeout`. The load goes on, and stores what it gives. */
export class CacheLoadTimeoutError extends CacheError {
  override readonly name: string = 'CacheLoadTimeoutError';

  constructor(
    /** Name of the cache. */
    readonly cache: string,
    /** The `hardTimeout` that was exceeded, milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(
      'CACHE_LOAD_TIMEOUT',
      `A load of cache \`${cache}\` took longer than its \`hardTimeout\` of ${timeoutMs} ms.`,
    );
  }
}
