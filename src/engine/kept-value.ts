import type { Codec } from '../codec/codec.js';
import { revived } from './entry-value.js';
import type { Policy } from './policy.js';

/** From the next one on, copies are made: most entries are read once or twice, and need no value that nobody gets. */
const DECODINGS_BEFORE_COPIES = 2;
/** So many bytes lie in a text: the buffers of small ones take more memory than their content does. */
const MOST_BYTES_AS_TEXT = 4096;

/** Makes copies of the values of a cache. */
export interface Copier {
  /** Tells whether it can copy a value that the codec has decoded: then it may, as long as nobody changes that. */
  learn(master: unknown): boolean;
  /** A copy of a value that it has learnt. It is deeply equal, and shares no object with it. */
  copy(master: unknown): unknown;
}

/** Makes the values of a cache that its callers get. */
export interface ValueMaker {
  readonly policy: Pick<Policy, 'isolation' | 'revive'>;
  readonly copier: Copier;
}

/**
 * A value in memory that many callers ask for. Where they share one, it is decoded once. Else each gets one of its own:
 * the first ones are decoded, and those after them are copies of one that nobody gets, which is faster.
 */
export class KeptValue {
  /** Length of the encoded value. */
  readonly bytes: number;
  /** The value as the codec wrote it; a text in place of a buffer holds one byte in each character. */
  private encoded: Uint8Array | string | undefined;
  private form: 'encoded' | 'master' | 'shared' = 'encoded';
  /** What `form` says: the value that is copied, or the one that is shared. */
  private decoded: unknown;
  private decodings = 0;

  /**
   * @param payload as the codec wrote it. It may lie in the memory of something larger
   * @param isElsewhere whether it need not be kept here when callers don't need it any more
   */
  constructor(
    payload: Uint8Array,
    private readonly isElsewhere: boolean,
  ) {
    this.bytes = payload.byteLength;
    this.encoded = withOwnMemory(payload);
  }

  /** The value for one caller. */
  take(codec: Codec, maker: ValueMaker): unknown {
    switch (this.form) {
      case 'shared':
        return this.decoded;
      case 'master':
        return revived(maker.copier.copy(this.decoded), maker.policy);
      default:
        return maker.policy.isolation === 'share' ? this.share(codec, maker) : this.decode(codec, maker);
    }
  }

  /** As the codec wrote it; `undefined` where it is not kept. */
  get payload(): Uint8Array | undefined {
    const { encoded } = this;
    return typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : encoded;
  }

  private share(codec: Codec, { policy }: ValueMaker): unknown {
    const value = revived(codec.decode(this.payload!), policy);
    this.become('shared', value);
    return value;
  }

  private decode(codec: Codec, { policy, copier }: ValueMaker): unknown {
    const value = codec.decode(this.payload!);
    if (this.decodings < DECODINGS_BEFORE_COPIES) {
      this.decodings += 1;
      return revived(value, policy);
    }
    if (!copier.learn(value)) return revived(value, policy);
    this.become('master', value);
    return revived(copier.copy(value), policy);
  }

  private become(form: 'master' | 'shared', decoded: unknown): void {
    this.form = form;
    this.decoded = decoded;
    if (this.isElsewhere) this.encoded = undefined;
  }
}

/** What came from a socket lies in a buffer with much else, which it would keep from being freed. */
function withOwnMemory(payload: Uint8Array): Uint8Array | string {
  const { buffer, byteOffset, byteLength } = payload;
  if (byteLength <= MOST_BYTES_AS_TEXT) return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  return buffer.byteLength === byteLength ? payload : new Uint8Array(payload);
}
