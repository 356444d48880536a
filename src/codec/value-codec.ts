import type { Codec, Kept } from './codec.js';
import { invalidValue } from './invalid-value.js';
import { pack, unpack } from './packer.js';
import { Refusal } from './refusal.js';
import { KeptShaped } from './shape/kept-shaped.js';
import { isShaped, packShaped, unpackShaped } from './shape/shaped-bytes.js';
import { toStorable } from './storable.js';

/**
 * JSON of the leaves for plain values, MessagePack for all others. Which of the two it is makes no difference to what
 * comes back. That is deeply equal to what went in, of the same types:
 *
 * - all primitives but symbols: `undefined` (in fields too), `-0`, `NaN`, a bigint of any size, any text;
 * - plain objects, also without a prototype and with any names of fields; arrays, with their holes;
 * - Date, Map, Set, RegExp, Buffer, ArrayBuffer, DataView and typed arrays, boxed primitives;
 * - errors: class (of those that the language has), name, message, stack, cause, and fields such as `code`.
 *
 * What comes back as something else:
 *
 * - an object with a method `toJSON` (and none of the types above) as what that returns, as `JSON.stringify` has it;
 * - any other class instance as a plain object of its own enumerable fields; accessors of the class are not called;
 * - an instance of a subclass of the types above as one of that type;
 * - an object that is referred to twice as two equal ones.
 *
 * Fields named by symbols, and fields that somebody put on an array, a Date, a Map and so on, are left out, as is
 * the `lastIndex` of a RegExp.
 *
 * Refused are functions, symbols, promises, weak collections, SharedArrayBuffer, objects that keep their content
 * out of sight (URLSearchParams, Blob, Intl …), circular references, and more than 256 levels of nesting.
 */
export class ValueCodec implements Codec {
  /**
   * @returns bytes in memory of their own
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE`; the message names the place in the value, never what is there
   */
  encode(value: unknown): Buffer {
    try {
      const packed = packShaped(value);
      if (packed !== undefined) return packed;
      const { form, asRecords } = toStorable(value);
      return pack(form, asRecords);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal('too much of it', { cause: error });
      throw refusal.toCacheError();
    }
  }

  /** @throws CacheError `CACHE_INVALID_ENTRY`, its cause says what is wrong with the bytes */
  decode(bytes: Uint8Array): unknown {
    try {
      return isShaped(bytes) ? unpackShaped(bytes) : unpack(bytes);
    } catch (cause) {
      throw invalidValue(cause);
    }
  }

  /** What is not plain data is decoded each time. */
  keep(bytes: Uint8Array): Kept | undefined {
    try {
      return isShaped(bytes) ? new KeptShaped(bytes) : undefined;
    } catch {
      // `decode` says what is wrong with them.
      return undefined;
    }
  }
}
