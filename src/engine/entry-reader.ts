import type { Codec } from '../codec/codec.js';
import type { Resident } from '../stores/near-store.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import type { CacheEvents } from './events.js';
import { Outcome } from './outcome.js';

/** Judges entries by their age and origin, and takes out their values. */
export class EntryReader {
  constructor(
    private readonly codec: Codec,
    private readonly clock: Clock,
    private readonly events: CacheEvents,
  ) {}

  /** The fresh entry of a key in L1. */
  freshInL1(cache: BoundCache, key: string): Resident | undefined {
    const resident = cache.near?.find(key);
    if (resident === undefined || resident.entry.freshUntil <= this.clock.now()) return undefined;
    return belongsTo(resident.entry, cache) ? resident : undefined;
  }

  /** The value of an entry in L1, for one caller. */
  valueOf(cache: BoundCache, resident: Resident): unknown {
    if (cache.policy.isolation === 'clone') return this.codec.decode(resident.entry.payload);
    resident.shared ??= { value: this.codec.decode(resident.entry.payload) };
    return resident.shared.value;
  }

  /** A store's entry as an outcome: fresh, or stale within `staleWhileRevalidate`. */
  usable(cache: BoundCache, entry: Entry | undefined): Outcome | undefined {
    if (entry === undefined || !belongsTo(entry, cache)) return undefined;
    const now = this.clock.now();
    if (now < entry.freshUntil) return this.decoded(cache, entry, 'hit');
    return now < entry.staleUntil ? this.decoded(cache, entry, 'stale') : undefined;
  }

  /** A store's entry as an outcome after its reload has failed: within `staleIfError`. */
  usableOnError(cache: BoundCache, entry: Entry | undefined): Outcome | undefined {
    if (entry === undefined || !belongsTo(entry, cache) || this.clock.now() >= entry.errorUntil)
      return undefined;
    return this.decoded(cache, entry, 'stale');
  }

  private decoded(cache: BoundCache, entry: Entry, kind: 'hit' | 'stale'): Outcome | undefined {
    try {
      return Outcome.ofEntry(entry, this.codec, cache.policy.isolation, kind, cache.store.tier);
    } catch (error) {
      this.events.problems.emit({ operation: 'read', error });
      return undefined;
    }
  }
}

/** Whether an entry was stored by this cache, under its present version. */
function belongsTo(entry: Entry, cache: BoundCache): boolean {
  return entry.cache === cache.name && entry.version === cache.policy.version;
}
