import type { Codec, Kept } from '../codec/codec.js';
import type { Entry, EntryHead } from './entry.js';
import { revived, valueIn } from './entry-value.js';
import type { CacheRead, Tier } from './events.js';
import { keep } from './kept-bytes.js';
import type { ValuePolicy } from './kept-value.js';

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
    policy: ValuePolicy,
    kind: CacheRead['outcome'],
    tier?: Tier,
  ): Outcome {
    const first = valueIn(entry, codec, policy);
    return new Outcome(first, furtherValues(first, entry.payload, codec, policy), kind, tier, entry);
  }

  /** Of a load whose value is not stored. Callers get what a hit would give; the loader's own if it has no stored form. */
  static ofValue(value: unknown, codec: Codec, policy: ValuePolicy, kind: CacheRead['outcome']): Outcome {
    try {
      const payload = codec.encode(value);
      const first = valueIn({ payload }, codec, policy);
      return new Outcome(first, furtherValues(first, payload, codec, policy), kind);
    } catch {
      // Who wanted to store it has told of that.
      return new Outcome(value, () => value, kind);
    }
  }
}

/** Most outcomes have one caller: what the others need is made when the second one comes. */
function furtherValues(
  first: unknown,
  payload: Uint8Array,
  codec: Codec,
  policy: ValuePolicy,
): () => unknown {
  if (policy.isolation === 'share') return () => first;
  let kept: Kept | undefined;
  return () => {
    kept ??= keep(payload, codec);
    return revived(kept.make(), policy);
  };
}
