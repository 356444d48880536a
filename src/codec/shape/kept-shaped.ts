import type { Kept } from '../codec.js';
import { invalidValue } from '../invalid-value.js';
import { readLeaves, startReading, textOf, writeShaped } from './shaped-bytes.js';
import type { Shape } from './shape.js';

/** From the next one on, the leaves are kept as they are: most entries are read once or twice, and a text is smaller. */
const TEXTS_BEFORE_LEAVES = 2;
/** More bytes stay bytes until then, beside the heap. The buffers of fewer take more memory than their content does. */
const MOST_BYTES_AS_TEXT = 4096;

/** A shaped value in memory: its leaves. Its shape it shares with others. */
export class KeptShaped implements Kept {
  private readonly shape: Shape;
  /** All bytes, the text of the leaves, or the leaves. */
  private content: Uint8Array | string | readonly unknown[];
  private made = 0;

  /** @throws Error when the bytes have no shape */
  constructor(bytes: Uint8Array) {
    const isSmall = bytes.byteLength <= MOST_BYTES_AS_TEXT;
    const stored = startReading(bytes);
    this.shape = stored.shape;
    this.content = isSmall ? textOf(stored) : withOwnMemory(bytes);
  }

  make(): unknown {
    const { content } = this;
    return Array.isArray(content) ? this.shape.build(content) : this.read(content as Uint8Array | string);
  }

  get payload(): Uint8Array {
    const { shape, content } = this;
    if (content instanceof Uint8Array) return content;
    return writeShaped(shape, typeof content === 'string' ? content : JSON.stringify(content));
  }

  private read(content: Uint8Array | string): unknown {
    try {
      const leaves = readLeaves(typeof content === 'string' ? content : textOf(startReading(content)));
      const value = this.shape.build(leaves);
      this.made += 1;
      if (this.made > TEXTS_BEFORE_LEAVES) this.content = leaves;
      return value;
    } catch (cause) {
      throw invalidValue(cause);
    }
  }
}

/** What came from a socket lies in a buffer with much else, which it would keep from being freed. */
const withOwnMemory = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes);
