import type { Acquired, Found } from '../stores/store.js';
import { ANY_TAG } from './bound-cache.js';
import { expiresAt, type Entry } from './entry.js';
import type { EntryMaker } from './entry-maker.js';
import type { EntryReader } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { BatchCall } from './batch-call.js';
import { keepLease, type LeaseLimits } from './lease-keeper.js';
import { LeaseWait } from './lease-wait.js';
import type { LoadWaiters } from './load-waiters.js';
import type { Outcome } from './outcome.js';
import { longestLifetime, type ReadRequest } from './read-request.js';
import { newToken } from './token.js';

/** Computes the value of an entry. */
export type Loader = () => unknown;

/** What is special about a load. */
export interface HowToLoad {
  /** Load even if somebody else has just stored something. */
  readonly anew?: boolean;
  /** Somebody else is loading, and this load waits. */
  readonly onHeld?: () => void;
}

export interface LoadsParts {
  readonly entries: EntryReader;
  readonly maker: EntryMaker;
  readonly events: CacheEvents;
  readonly waiters: LoadWaiters;
  readonly lease: LeaseLimits;
}

/** Steps 4 to 6 of a read: the lease, the loader, the store. */
export class Loads {
  constructor(private readonly parts: LoadsParts) {}

  /**
   * Loads and stores, when it is this caller's turn: while somebody else holds the lease it waits, and uses what
   * that one stored, unless `how.anew` asks for a load of its own.
   *
   * @param found what the store had; the entry in it is no reason not to load
   */
  async load(request: ReadRequest, loader: Loader, found: Found, how: HowToLoad = {}): Promise<Outcome> {
    if (found.unavailable) return this.loadOnly(request, loader);
    const { lease: limits, waiters } = this.parts;
    const wait = new LeaseWait(request.key, waiters, limits.wait);
    let { seen } = found;
    do {
      const lease = newToken();
      const [tokens, acquired] = await this.take(request, lease, seen);
      if (acquired.kind === 'granted' && tokens !== undefined) {
        return this.loadAndStore(request, loader, lease, tokens);
      }
      if (acquired.kind === 'granted') await request.cache.store.release(request.key, lease);
      if (acquired.kind === 'granted' || acquired.kind === 'unavailable') break;
      if (acquired.kind === 'filled') {
        const stored = how.anew === true ? undefined : this.parts.entries.usable(request, acquired.found);
        if (stored !== undefined) return stored;
        seen = acquired.found.seen;
      } else {
        how.onHeld?.();
        await wait.forLease(acquired.forMs);
      }
    } while (!wait.isOver);
    return this.loadOnly(request, loader);
  }

  /**
   * Loads many with one call of the loader: those whose lease is granted, and those that can't be stored. Those
   * that somebody else is loading are waited for; what that one does not store is loaded by itself.
   *
   * @returns an outcome for each, in their order
   */
  loadMany(
    wanted: readonly { readonly request: ReadRequest; readonly found: Found }[],
    loader: (requests: readonly ReadRequest[]) => Promise<readonly unknown[]>,
  ): readonly Promise<Outcome>[] {
    const batch = new BatchCall(wanted.length, loader);
    return wanted.map(({ request, found }) => {
      const { load, postpone } = batch.ticket(request);
      return this.load(request, load, found, { onHeld: postpone }).finally(postpone);
    });
  }

  /** 4. The lease; and the tags' tokens before the loader runs: an eviction during the load invalidates its entry. */
  private take(
    request: ReadRequest,
    lease: string,
    seen: string,
  ): Promise<[tokens: readonly string[] | undefined, acquired: Acquired]> {
    const { store } = request.cache;
    return Promise.all([
      store.tokens(tagsToCapture(request), longestLifetime(request)),
      store.acquire(request.key, lease, this.parts.lease.ttl, seen),
    ]);
  }

  private async loadAndStore(
    request: ReadRequest,
    loader: Loader,
    lease: string,
    tokens: readonly string[],
  ): Promise<Outcome> {
    const { cache, key, allTags } = request;
    const { entries, lease: limits } = this.parts;
    const [anyTag, ownTokens] = cache.hasMoreTags
      ? [tokens.at(-1), tokens.slice(0, -1)]
      : [undefined, tokens];
    const letGo = keepLease(cache.store, key, lease, limits);
    let stored = false;
    try {
      // 5. The loader. Its error is the caller's error.
      const since = performance.now();
      const value = await loader();
      const made = this.entryOf(request, value, ownTokens, performance.now() - since);
      if (made === undefined) return entries.outcomeOfValue(cache, value);
      // A hit equals a miss: what callers get is what a hit would give them.
      const outcome = entries.outcomeOf(cache, made, 'miss');
      const entry = cache.hasMoreTags ? await this.withTagsOfValue(request, value, made, anyTag) : made;
      if (entry === undefined) return outcome;

      // 6. Store with the lease as fence: after an eviction it is gone, and nothing is stored anywhere.
      const lifetime = expiresAt(entry) - entry.createdAt;
      if (lifetime > longestLifetime(request)) await cache.store.tokens(allTags, lifetime);
      stored = await cache.store.store(key, lease, entry);
      if (stored) entries.fillL1(request, entry);
      return outcome;
    } finally {
      letGo();
      if (!stored) await cache.store.release(key, lease);
      // Others hear of it by the bus.
      this.parts.waiters.wake(key);
    }
  }

  /**
   * The entry with the tags that only its value tells. Their tokens can't be captured before the load: if any tag
   * was evicted meanwhile, it may have been one of them, and nothing is to be stored.
   */
  private async withTagsOfValue(
    { cache, args, allTags }: ReadRequest,
    value: unknown,
    entry: Entry,
    anyTagBefore: string | undefined,
  ): Promise<Entry | undefined> {
    const tags = this.attempt(() => cache.tagsOfValue(value, args, allTags));
    if (tags === undefined) return undefined;
    const lifetime = expiresAt(entry) - entry.createdAt;
    const tokens = await cache.store.tokens(tags, lifetime, 'exact');
    // After the tags: an eviction renews this one first.
    const anyTag = await cache.store.tokens([ANY_TAG], lifetime, 'exact');
    if (tokens === undefined || anyTag === undefined || anyTag[0] !== anyTagBefore) return undefined;
    return { ...entry, tags: [...entry.tags, ...tags], tokens: [...entry.tokens, ...tokens] };
  }

  /** Runs the loader for those who wait, and stores nothing: there is no fence against evictions. */
  private async loadOnly(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const value = await loader();
    const entry = this.entryOf(request, value, [], 0);
    if (entry === undefined) return this.parts.entries.outcomeOfValue(request.cache, value);
    return this.parts.entries.outcomeOf(request.cache, entry, 'miss');
  }

  /** The entry to store for a value, or `undefined` when it is not to be stored, or cannot be. */
  private entryOf(
    request: ReadRequest,
    value: unknown,
    tokens: readonly string[],
    loadCost: number,
  ): Entry | undefined {
    return this.attempt(() =>
      request.storeIf?.(value) === false
        ? undefined
        : this.parts.maker.make(request, value, tokens, loadCost),
    );
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
