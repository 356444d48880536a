import type { Codec, Kept } from '../codec/codec.js';

/** So many bytes lie in a text: the buffers of small ones take more memory than their content does. */
const MOST_BYTES_AS_TEXT = 4096;

/** An encoded value, kept as its codec wants it. */
export function keep(payload: Uint8Array, codec: Codec): Kept {
  return codec.keep?.(payload) ?? new KeptBytes(payload, codec);
}

/** An encoded value that is decoded each time. */
class KeptBytes implements Kept {
  /** A text in place of a buffer holds one byte in each character. */
  private readonly encoded: Uint8Array | string;

  constructor(
    payload: Uint8Array,
    private readonly codec: Codec,
  ) {
    this.encoded = withOwnMemory(payload);
  }

  make(): unknown {
    return this.codec.decode(this.payload);
  }

  get payload(): Uint8Array {
    const { encoded } = this;
    return typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : encoded;
  }
}

/** What came from a socket lies in a buffer with much else, which it would keep from being freed. */
function withOwnMemory(payload: Uint8Array): Uint8Array | string {
  const { buffer, byteOffset, byteLength } = payload;
  if (byteLength <= MOST_BYTES_AS_TEXT) return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  return buffer.byteLength === byteLength ? payload : new Uint8Array(payload);
}
