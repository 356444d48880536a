import type { Acquired, Found } from '../stores/store.js';
import type { BackgroundWork } from './background-work.js';
import { ANY_TAG } from './bound-cache.js';
import { expiresAt, type Entry } from './entry.js';
import type { EntryMaker } from './entry-maker.js';
import type { EntryReader } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { BatchCall } from './batch-call.js';
import { GaveUpError, type HowToLoad, type Loader } from './how-to-load.js';
import { LeaseKeeper, type LeaseLimits } from './lease-keeper.js';
import { LeaseWait } from './lease-wait.js';
import type { LoadEnding, LoadWaiters } from './load-waiters.js';
import type { LoaderCalls } from './loader-calls.js';
import type { Outcome } from './outcome.js';
import { longestLifetime, neverStores, type ReadRequest } from './read-request.js';
import { newToken } from './token.js';
import { tellStored } from './telling.js';

export interface LoadsParts {
  readonly entries: EntryReader;
  readonly maker: EntryMaker;
  readonly calls: LoaderCalls;
  readonly events: CacheEvents;
  readonly waiters: LoadWaiters;
  readonly background: BackgroundWork;
  readonly lease: LeaseLimits;
  /** How long one call waits for the shared store, milliseconds. */
  readonly patience: number;
}

/** The right to load and store. */
interface Turn {
  readonly lease: string;
  /** Of the tags that the arguments tell. */
  readonly tokens: readonly string[];
  /** The token that tells whether any tag was evicted since; not asked for where the arguments tell all tags. */
  readonly anyTag: string | undefined;
  /** What lies under the key. */
  readonly seen: string;
}

/** Steps 4 to 6 of a read: the lease, the loader, the store. */
export class Loads {
  private readonly keeper: LeaseKeeper;

  constructor(private readonly parts: LoadsParts) {
    this.keeper = new LeaseKeeper(parts.lease);
  }

  /**
   * Loads and stores, when it is this caller's turn: while somebody else holds the lease it waits, and uses what
   * that one stored, unless `how.anew` asks for a load of its own.
   *
   * @param found what the store had; the entry in it is no reason not to load
   */
  async load(request: ReadRequest, loader: Loader, found: Found, how: HowToLoad = {}): Promise<Outcome> {
    if (found.unavailable || neverStores(request)) return this.loadAlone(request, loader, how);
    const wait = new LeaseWait(request.key, this.parts.waiters, this.parts.lease.wait);
    try {
      return await this.loadInTurn(request, loader, found.seen, how, wait);
    } finally {
      wait.end();
    }
  }

  /** Runs the loader for those who wait, and stores nothing: there is no fence against evictions. */
  async loadAlone(request: ReadRequest, loader: Loader, how: HowToLoad = {}): Promise<Outcome> {
    const value = await this.parts.calls.one(request, loader, how.isPart === true);
    const entry = this.entryOf(request, value, [], 0);
    if (entry === undefined) return this.parts.entries.outcomeOfValue(request.cache, value);
    return this.parts.entries.outcomeOf(request.cache, entry, 'miss');
  }

  /**
   * Loads many with one call of the loader: those whose lease is granted, and those that can't be stored. Those
   * that somebody else is loading are waited for; what that one does not store is loaded by itself.
   *
   * @returns an outcome for each, in their order
   */
  loadMany(
    wanted: readonly ({
      readonly request: ReadRequest;
      readonly found: Found;
    } & Pick<HowToLoad, 'anew' | 'onEnd' | 'audience'>)[],
    loader: (requests: readonly ReadRequest[]) => Promise<readonly unknown[]>,
  ): readonly Promise<Outcome>[] {
    const call = (requests: readonly ReadRequest[]) =>
      this.parts.calls.many(requests, () => loader(requests));
    const batch = new BatchCall(wanted.length, call);
    return wanted.map(({ request, found, ...how }) => {
      const { load, postpone } = batch.ticket(request);
      return this.load(request, load, found, { ...how, isPart: true, onHeld: postpone }).finally(postpone);
    });
  }

  private async loadInTurn(
    request: ReadRequest,
    loader: Loader,
    seenAtFirst: string,
    how: HowToLoad,
    wait: LeaseWait,
  ): Promise<Outcome> {
    let seen = seenAtFirst;
    do {
      wait.listen();
      const lease = newToken();
      const [tokens, acquired] = await this.take(request, lease, seen);
      if (acquired.kind === 'granted' && tokens !== undefined) {
        const own = tokens.slice(0, request.allTags.length);
        const turn: Turn = { lease, tokens: own, anyTag: tokens[own.length], seen };
        return this.loadAndStore(request, loader, turn, how);
      }
      if (acquired.kind === 'granted') void request.cache.store.release(request.key, lease);
      if (acquired.kind === 'granted' || acquired.kind === 'unavailable') break;
      if (acquired.kind === 'filled') {
        const stored = this.storedMeanwhile(request, acquired.found, how);
        if (stored !== undefined) return stored;
        seen = acquired.found.seen;
      } else {
        how.onHeld?.();
        if (acquired.isDoubtful) wait.shorten(this.parts.patience);
        // What gave the others nothing is not waited for again and again, by one instance after the other.
        if ((await wait.forLease(acquired.forMs)) === 'unstored') break;
      }
    } while (!wait.isOver);
    // What is not stored would be loaded for nobody.
    if (how.audience?.hasLeft === true) throw new GaveUpError();
    return this.loadAlone(request, loader, how);
  }

  /** What somebody else has just stored, if that is as good as a load. */
  private storedMeanwhile(
    request: ReadRequest,
    found: Found,
    { anew, onEnd }: HowToLoad,
  ): Outcome | undefined {
    if (anew === true || (anew !== undefined && !(found.entry && anew(found.entry)))) return undefined;
    const stored = this.parts.entries.usable(request, found);
    if (stored !== undefined) onEnd?.('kept');
    return stored;
  }

  /** 4. The lease; and the tags' tokens before the loader runs: an eviction during the load invalidates its entry. */
  private async take(
    request: ReadRequest,
    lease: string,
    seen: string,
  ): Promise<[tokens: readonly string[] | undefined, acquired: Acquired]> {
    const { store } = request.cache;
    // Side by side: one round trip, or none for tokens that are known.
    const asking = store.tokens(tagsToCapture(request), longestLifetime(request));
    const acquiring = store.acquire(request.key, lease, this.parts.lease.ttl, seen);
    const acquired = await request.patience.wait(acquiring, undefined);
    if (acquired !== undefined) {
      const tokens = asking instanceof Promise ? await request.patience.wait(asking, undefined) : asking;
      return [tokens, acquired];
    }
    // Nobody is to wait for a holder who does not load.
    const giveBack = ({ kind }: Acquired) =>
      kind === 'granted' ? store.release(request.key, lease) : undefined;
    void Promise.resolve(acquiring).then(giveBack);
    return [undefined, { kind: 'unavailable' }];
  }

  private async loadAndStore(
    request: ReadRequest,
    loader: Loader,
    turn: Turn,
    how: HowToLoad,
  ): Promise<Outcome> {
    const { cache, key, patience } = request;
    const { entries, background } = this.parts;
    const letGo = this.keeper.keep(cache.store, key, turn.lease);
    const since = performance.now();
    let outcome: Outcome;
    let storing: Promise<void>;
    try {
      // 5. The loader. Its error is the caller's error.
      const value = await this.parts.calls.one(request, loader, how.isPart === true);
      const isWanted = this.isWanted(request, value);
      const made = isWanted
        ? this.entryOf(request, value, turn.tokens, performance.now() - since)
        : undefined;
      // A hit equals a miss: what callers get is what a hit would give them.
      outcome =
        made === undefined ? entries.outcomeOfValue(cache, value) : entries.outcomeOf(cache, made, 'miss');
      // 6. Store, and end the lease.
      if (!isWanted) how.onEnd?.('not wanted');
      storing = this.storeInTurn(request, isWanted ? { value, made } : undefined, turn, how).finally(letGo);
    } catch (error) {
      letGo();
      this.end(request, turn, 'over');
      throw error;
    }
    const isLate = await patience.wait(storing, 'late');
    if (isLate === 'late') background.start('store', () => storing);
    return outcome;
  }

  /**
   * 6. Stores with the lease as fence: after an eviction it is gone, and nothing is stored anywhere.
   *
   * @param loaded what is to be stored, with its entry unless that can't be made; nothing when it is not wanted
   */
  private async storeInTurn(
    request: ReadRequest,
    loaded: { readonly value: unknown; readonly made: Entry | undefined } | undefined,
    turn: Turn,
    how: HowToLoad,
  ): Promise<void> {
    const { cache, key, allTags, args } = request;
    if (loaded === undefined) return this.end(request, turn, 'unstored');
    const { value, made } = loaded;
    const tagsOfValue = made && this.attempt(() => cache.tagsOfValue(value, args, allTags));
    if (tagsOfValue === undefined) {
      // What is stored is older than what can't be.
      await this.parts.entries.drop(request, turn.seen);
      return this.end(request, turn, 'unstored');
    }
    const entry = cache.hasMoreTags ? await this.withTags(request, made!, tagsOfValue, turn.anyTag) : made!;
    if (entry === undefined) return this.end(request, turn, 'over');
    const lifetime = expiresAt(entry) - entry.createdAt;
    if (lifetime > longestLifetime(request)) await cache.store.tokens(allTags, lifetime);
    if (!(await cache.store.store(key, turn.lease, entry))) return this.end(request, turn, 'over');
    this.parts.entries.fillL1(request, entry);
    tellStored(this.parts.events.stores, cache, key, entry, 'load');
    how.onEnd?.('stored');
    // Others hear of it by the bus.
    this.parts.waiters.wake(key);
  }

  /** Gives the lease back. */
  private end({ cache, key }: ReadRequest, { lease }: Turn, ending: LoadEnding): void {
    void cache.store.release(key, lease, ending);
    this.parts.waiters.wake(key, ending);
  }

  /**
   * The entry with the tags that only its value tells. Their tokens can't be captured before the load: if any tag
   * was evicted meanwhile, it may have been one of them, and nothing is to be stored.
   */
  private async withTags(
    { cache, allTags }: ReadRequest,
    made: Entry,
    tags: readonly string[],
    anyTagBefore: string | undefined,
  ): Promise<Entry | undefined> {
    const lifetime = expiresAt(made) - made.createdAt;
    const tokens = await cache.store.tokens(tags, lifetime, 'exact');
    // After the tags: an eviction renews this one first.
    const anyTag = await cache.store.tokens([ANY_TAG], lifetime, 'exact');
    if (tokens === undefined || anyTag === undefined || anyTag[0] !== anyTagBefore) return undefined;
    return { ...made, tags: [...allTags, ...tags], tokens: [...made.tokens, ...tokens] };
  }

  /** Whether the call wants the value stored. */
  private isWanted({ storeIf }: ReadRequest, value: unknown): boolean {
    return storeIf === undefined || (this.attempt(() => storeIf(value)) ?? false);
  }

  /** The entry to store for a value, or `undefined` when it is not to be stored, or cannot be. */
  private entryOf(
    request: ReadRequest,
    value: unknown,
    tokens: readonly string[],
    loadCost: number,
  ): Entry | undefined {
    return this.attempt(() => this.parts.maker.make(request, value, tokens, loadCost));
  }

  /** What has been loaded goes to the caller, whatever keeps it from being stored: that is told, not thrown. */
  private attempt<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      this.parts.events.problems.emit({ operation: 'store', error });
      return undefined;
    }
  }
}

function tagsToCapture({ cache, allTags }: ReadRequest): readonly string[] {
  return cache.hasMoreTags ? [...allTags, ANY_TAG] : allTags;
}
