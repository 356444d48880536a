/**
 * Turns values into bytes and back. What `decode` returns is deeply equal to what `encode` was given, and
 * shares nothing with it.
 */
export interface Codec {
  /**
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE` when the value holds something that has no stored form, such
   * as a function, a symbol or a circular reference.
   */
  encode(value: unknown): Uint8Array;
  /** @throws CacheError `CACHE_INVALID_ENTRY` when the bytes are not what `encode` writes. */
  decode(bytes: Uint8Array): unknown;
  /**
   * Keeps an encoded value in memory so that it takes little room, and many values can be made of it quickly. Left out,
   * or where it returns `undefined`, the bytes are kept, and decoded each time.
   *
   * @param bytes may lie in the memory of something larger, and may be damaged, which it must not throw for
   */
  keep?(bytes: Uint8Array): Kept | undefined;
}

/** An encoded value in memory. */
export interface Kept {
  /**
   * A new value, which shares nothing with any other.
   *
   * @throws CacheError `CACHE_INVALID_ENTRY` as `decode` does
   */
  make(): unknown;
  /** The value as `encode` wrote it. */
  readonly payload: Uint8Array;
}
