import type { Codec } from '../codec/codec.js';
import type { Entry } from './entry.js';
import { valueIn } from './entry-value.js';
import type { CacheRead, Tier } from './events.js';
import type { Policy } from './policy.js';

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
    readonly entry?: Entry,
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
    policy: Pick<Policy, 'isolation' | 'revive'>,
    kind: CacheRead['outcome'],
    tier?: Tier,
  ): Outcome {
    const value = valueIn(entry, codec, policy);
    const again = policy.isolation === 'share' ? () => value : () => valueIn(entry, codec, policy);
    return new Outcome(value, again, kind, tier, entry);
  }

  /** Of a load whose value is not stored. Callers get what a hit would give; the loader's own if it has no stored form. */
  static ofValue(
    value: unknown,
    codec: Codec,
    policy: Pick<Policy, 'isolation' | 'revive'>,
    kind: CacheRead['outcome'],
  ): Outcome {
    try {
      const payload = codec.encode(value);
      const take = () => valueIn({ payload }, codec, policy);
      const first = take();
      return new Outcome(first, policy.isolation === 'share' ? () => first : take, kind);
    } catch {
      // Who wanted to store it has told of that.
      return new Outcome(value, () => value, kind);
    }
  }
}
