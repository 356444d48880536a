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
}
