import type { Codec } from '../codec/codec.js';
import type { Entry, EntryHead } from './entry.js';
import { valueIn } from './entry-value.js';
import type { CacheRead, Tier } from './events.js';
import { KeptValue, type ValueMaker } from './kept-value.js';

/**
 * What a read or load came to, for everyone who waited for it. Each caller takes a value of its own, unless
 * the cache is shared.
 */
export class Outcome {
  private taken = false;

  constructor(
    private readonly first: unknown,
    /** Makes the value for a second caller and any further one. */
    private readonly again: () => unknown,
    readonly kind: CacheRead['outcome'],
    readonly tier?: Tier,
    readonly entry?: EntryHead,
  ) {}

  /** The value, for one caller. */
  take(): unknown {
    if (this.taken) return this.again();
    this.taken = true;
    return this.first;
  }

  /** Of an entry: decoded once here, so that undecodable bytes are noticed before anybody is promised a value. */
  static ofEntry(
    entry: Entry,
    codec: Codec,
    maker: ValueMaker,
    kind: CacheRead['outcome'],
    tier?: Tier,
  ): Outcome {
    const first = valueIn(entry, codec, maker.policy);
    return new Outcome(first, furtherValues(first, entry.payload, codec, maker), kind, tier, entry);
  }

  /** Of a load whose value is not stored. Callers get what a hit would give; the loader's own if it has no stored form. */
  static ofValue(value: unknown, codec: Codec, maker: ValueMaker, kind: CacheRead['outcome']): Outcome {
    try {
      const payload = codec.encode(value);
      const first = valueIn({ payload }, codec, maker.policy);
      return new Outcome(first, furtherValues(first, payload, codec, maker), kind);
    } catch {
      // Who wanted to store it has told of that.
      return new Outcome(value, () => value, kind);
    }
  }
}

/** Most outcomes have one caller: what the others need is made when the second one comes. */
function furtherValues(first: unknown, payload: Uint8Array, codec: Codec, maker: ValueMaker): () => unknown {
  if (maker.policy.isolation === 'share') return () => first;
  let kept: KeptValue | undefined;
  return () => {
    kept ??= new KeptValue(payload, true);
    return kept.take(codec, maker);
  };
}
