import type { Kept } from '../codec.js';
import { invalidValue } from '../invalid-value.js';
import { readLeaves, readShaped, writeShaped } from './shaped-bytes.js';
import type { Shape } from './shape.js';

/** From the next one on, the leaves are kept as they are: most entries are read once or twice, and a text is smaller. */
const TEXTS_BEFORE_LEAVES = 2;

/** A shaped value in memory: its leaves. Its shape it shares with others. */
export class KeptShaped implements Kept {
  private readonly shape: Shape;
  private leaves: string | readonly unknown[];
  private made = 0;

  /** @throws Error when the bytes have no shape */
  constructor(bytes: Uint8Array) {
    const { shape, leaves } = readShaped(bytes);
    this.shape = shape;
    this.leaves = leaves;
  }

  make(): unknown {
    const { leaves } = this;
    return typeof leaves === 'string' ? this.makeFromText(leaves) : this.shape.build(leaves);
  }

  get payload(): Uint8Array {
    const { shape, leaves } = this;
    return writeShaped(shape, typeof leaves === 'string' ? leaves : JSON.stringify(leaves));
  }

  private makeFromText(text: string): unknown {
    try {
      const leaves = readLeaves(text);
      const value = this.shape.build(leaves);
      this.made += 1;
      if (this.made > TEXTS_BEFORE_LEAVES) this.leaves = leaves;
      return value;
    } catch (cause) {
      throw invalidValue(cause);
    }
  }
}
