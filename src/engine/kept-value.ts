import type { Codec, Kept } from '../codec/codec.js';
import { revived } from './entry-value.js';
import { keep } from './kept-bytes.js';
import type { Policy } from './policy.js';

/** What a caller's value depends on, beside what is stored. */
export type ValuePolicy = Pick<Policy, 'isolation' | 'revive'>;

/** Stands for a value that nobody shares. */
const UNSHARED: unique symbol = Symbol('unshared');

/** A value in memory that many callers ask for. Each gets one of its own, unless they share the first one. */
export class KeptValue {
  /** Length of the encoded value. */
  readonly bytes: number;
  private kept: Kept | undefined;
  private shared: unknown = UNSHARED;

  /**
   * @param payload as the codec wrote it. It may lie in the memory of something larger
   * @param isElsewhere whether it need not be kept here when callers don't need it any more
   */
  constructor(
    payload: Uint8Array,
    private readonly isElsewhere: boolean,
    codec: Codec,
  ) {
    this.bytes = payload.byteLength;
    this.kept = keep(payload, codec);
  }

  /** The value for one caller. */
  take(policy: ValuePolicy): unknown {
    if (this.kept === undefined || this.shared !== UNSHARED) return this.shared;
    const value = revived(this.kept.make(), policy);
    if (policy.isolation === 'share') this.share(value);
    return value;
  }

  /** As the codec wrote it; `undefined` where it is not kept. */
  get payload(): Uint8Array | undefined {
    return this.kept?.payload;
  }

  private share(value: unknown): void {
    this.shared = value;
    if (this.isElsewhere) this.kept = undefined;
  }
}
