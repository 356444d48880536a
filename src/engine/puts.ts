import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Coherence } from './coherence.js';
import { expiresAt, type Entry } from './entry.js';
import type { CacheEvents } from './events.js';
import type { Generation, Generations } from './generations.js';
import { LeaseKeeper, type LeaseLimits } from './lease-keeper.js';
import { Patience } from './patience.js';
import { tellStored } from './telling.js';
import { newToken } from './token.js';

export interface PutsParts {
  readonly clock: Clock;
  readonly generations: Generations;
  /** This process's own memory. */
  readonly here: Coherence;
  readonly events: CacheEvents;
  readonly lease: LeaseLimits;
  /** How long one call waits for the shared store, milliseconds. */
  readonly patience: number;
  /** Tells the others that there is something newer under a key. */
  readonly announce: (key: string, patience: Patience) => Promise<void>;
  readonly evict: (cache: BoundCache, key: string) => Promise<void>;
}

/** An entry that is to be stored later, if nothing else has been put or evicted by then. */
export interface ReservedPut {
  readonly cache: BoundCache;
  readonly key: string;
  readonly entry: Entry;
  /** Without one, because somebody else is loading or putting, all it can do is to evict. */
  readonly right: PutRight | undefined;
}

interface PutRight {
  readonly lease: string;
  /** What had been evicted when it was taken. */
  readonly noted: Generation;
  readonly letGo: () => void;
}

/** Stores what callers give. A lease is the fence here, too: no put overtakes an eviction that came after it. */
export class Puts {
  private readonly keeper: LeaseKeeper;

  constructor(private readonly parts: PutsParts) {
    this.keeper = new LeaseKeeper(parts.lease);
  }

  /**
   * Puts in two steps: what is there goes, with the right to store; then the new entry comes, unless something else has
   * been put or evicted meanwhile.
   *
   * @param made without tokens
   */
  async put(cache: BoundCache, key: string, made: Entry): Promise<void> {
    const { store } = cache;
    const patience = new Patience(this.parts.patience);
    // Before the tokens are read: one that is evicted from here on must not be taken for current.
    const noted = this.parts.generations.note(key, made.tags);
    const lease = newToken();
    const [tokens, isSeized] = await patience.spend(
      Promise.all([this.tokensOf(cache, made), store.seize(key, lease, this.parts.lease.ttl)]),
    );
    const entry = { ...made, tokens: tokens ?? [] };
    const isStored =
      tokens !== undefined && isSeized && (await patience.spend(store.store(key, lease, entry)));
    if (isSeized && !isStored) void store.release(key, lease);
    await this.end({ cache, key, entry }, isStored, noted, patience);
  }

  /**
   * Takes the right to store an entry later, as a loader does: what is there stays, and whoever finds nothing waits.
   * A right of the same put that was taken before is used on.
   *
   * @param made without tokens
   */
  async reserve(
    cache: BoundCache,
    key: string,
    made: Entry,
    before: PutRight | undefined,
  ): Promise<ReservedPut> {
    const { generations, lease: limits } = this.parts;
    const noted = generations.note(key, made.tags);
    const lease = before?.lease ?? newToken();
    const [tokens, isMine] = await new Patience(this.parts.patience).spend(
      Promise.all([
        this.tokensOf(cache, made),
        before !== undefined || cache.store.claim(key, lease, limits.ttl),
      ]),
    );
    const entry = { ...made, tokens: tokens ?? [] };
    const put = { cache, key, entry };
    if (!isMine) return { ...put, right: undefined };
    const right = { lease, noted, letGo: before?.letGo ?? this.keeper.keep(cache.store, key, lease) };
    if (tokens !== undefined) return { ...put, right };
    this.giveUp({ ...put, right });
    return { ...put, right: undefined };
  }

  /** Stores a reserved put, or evicts if that can't be done any more. */
  async carryOut({ cache, key, entry, right }: ReservedPut): Promise<void> {
    right?.letGo();
    const patience = new Patience(this.parts.patience);
    const canStore = right !== undefined && cache.enabled;
    const isStored = canStore && (await patience.spend(cache.store.store(key, right.lease, entry)));
    if (isStored) return this.end({ cache, key, entry }, true, right.noted, patience);
    return this.parts.evict(cache, key);
  }

  /** Gives the right back. */
  giveUp({ cache, key, right }: ReservedPut): void {
    if (right === undefined) return;
    right.letGo();
    void cache.store.release(key, right.lease);
  }

  private async end(
    { cache, key, entry }: Omit<ReservedPut, 'right'>,
    isStored: boolean,
    noted: Generation,
    patience: Patience,
  ): Promise<void> {
    const { generations, events, clock, here, announce } = this.parts;
    if (isStored) tellStored(events.stores, cache, key, entry, 'put');
    // Any other write meanwhile ended the generation: which of the two came last, only the store knows.
    const alone = generations.isCurrentFor(noted, entry.tags);
    // A reader that began before may have found what was there then: it must not fill L1 now, nor be joined.
    if (cache.hasL1) cache.near?.delete(key);
    here.replaced(key);
    if (isStored && alone) cache.fillL1(key, entry, clock.now());
    await announce(key, patience);
  }

  /** Exact: those that are known here may be older than an eviction elsewhere that the caller has waited for. */
  private tokensOf({ store }: BoundCache, entry: Entry): ReturnType<BoundCache['store']['tokens']> {
    return store.tokens(entry.tags, expiresAt(entry) - entry.createdAt, 'exact');
  }
}
