import type { Codec } from '../codec/codec.js';
import type { Found } from '../stores/store.js';
import type { BackgroundWork } from './background-work.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import { expiresAt, type Entry } from './entry.js';
import { EntryMaker } from './entry-maker.js';
import { EntryReader } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { Flights } from './flights.js';
import type { Generations } from './generations.js';
import { LeaseWait } from './lease-wait.js';
import { Outcome } from './outcome.js';
import { ReadCounter } from './read-counter.js';
import { longestLifetime, type ReadOverrides, type ReadRequest } from './read-request.js';
import { newToken } from './token.js';

/** How long a holder may load before another instance may. */
const LEASE_MS = 30_000;

type Loader = () => unknown;

/** The way of a read: L1, the flight that is already under way, L2, the loader. */
export class ReadThrough {
  private readonly flights = new Flights<Outcome>();
  private readonly refreshes = new Flights<Outcome>();
  private readonly entries: EntryReader;
  private readonly maker: EntryMaker;
  private readonly counter: ReadCounter;

  constructor(
    private readonly codec: Codec,
    private readonly clock: Clock,
    private readonly generations: Generations,
    private readonly events: CacheEvents,
    private readonly background: BackgroundWork,
  ) {
    this.entries = new EntryReader(codec, clock, events);
    this.maker = new EntryMaker(codec, clock);
    this.counter = new ReadCounter(events);
  }

  /** The value of a key: from L1, from a flight under way, from L2, or from the loader, which is then stored. */
  async getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (!cache.policy.enabled || overrides?.bypass === true) return this.passBy(cache, args, loader);

    // 1. L1: fresh, and its tags are current.
    const key = cache.keyOf(...args);
    const resident = this.entries.freshInL1(cache, key);
    if (resident !== undefined) {
      this.counter.count(cache, key, 'hit', 'l1');
      return this.entries.valueOf(cache, resident);
    }

    // 2. A flight for this key, if nothing was evicted since it began.
    const request = this.request(cache, args, key, overrides);
    const name = flightName(request);
    const flight = this.flights.join(name, request.generation);
    const isJoining = flight !== undefined;
    try {
      const outcome = await (flight ??
        this.flights.start(name, request.generation, () => this.readOrLoad(request, loader)));
      this.counter.count(cache, key, outcome.kind, outcome.tier, isJoining);
      return outcome.take();
    } catch (error) {
      this.counter.count(cache, key, 'miss', undefined, isJoining);
      throw error;
    }
  }

  /** What is stored under a key, without loading. */
  async find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined> {
    const key = cache.keyOf(...args);
    if (!cache.policy.enabled) {
      this.counter.count(cache, key, 'bypass');
      return undefined;
    }
    const resident = this.entries.freshInL1(cache, key);
    if (resident !== undefined) {
      this.counter.count(cache, key, 'hit', 'l1');
      const take = () => this.entries.valueOf(cache, resident);
      return new Outcome(take(), take, 'hit', 'l1', resident.entry);
    }
    const request = this.request(cache, args, key, undefined);
    const found = await cache.store.read(key, request.allTags);
    const outcome = this.usable(request, found);
    if (found.entry === undefined && found.seen !== '') await cache.store.discard(key, found.seen);
    this.counter.count(cache, key, outcome?.kind ?? 'miss', outcome?.tier);
    return outcome;
  }

  /** Loads and stores, whatever is stored already, and whatever load is under way. */
  async refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (!cache.policy.enabled || overrides?.bypass === true) return this.passBy(cache, args, loader);
    const key = cache.keyOf(...args);
    const request = this.request(cache, args, key, overrides);
    const found = await cache.store.read(key, request.allTags);
    const outcome = await this.load(request, loader, found, true);
    return outcome.take();
  }

  /** How many reads and loads are in progress. */
  get inFlight(): number {
    return this.flights.size + this.refreshes.size;
  }

  /** Steps 3 to 6. */
  private async readOrLoad(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const { cache, key, allTags } = request;

    // 3. L2, tag tokens alongside. A stale entry is served while it is refreshed in the background.
    const found = await cache.store.read(key, allTags);
    const stored = this.usable(request, found);
    if (stored?.kind === 'stale') {
      this.background.start('refresh', () => this.refreshStale(request, loader, found));
    }
    if (stored !== undefined) return stored;

    // 4 to 6. Nothing usable: load, with what is past its ttl to fall back on.
    try {
      return await this.load(request, loader, found, false);
    } catch (error) {
      const fallback = this.entries.usableOnError(cache, found.entry);
      if (fallback === undefined) throw error;
      this.events.problems.emit({ operation: 'load', error });
      return fallback;
    }
  }

  /**
   * Takes the lease, runs the loader, stores. Waits while somebody else holds the lease, and uses what that
   * one stored, unless `anew` asks for a load of one's own.
   */
  private async load(request: ReadRequest, loader: Loader, found: Found, anew: boolean): Promise<Outcome> {
    const { cache, key, allTags } = request;
    if (found.unavailable) return this.loadOnly(request, loader);

    let { seen } = found;
    for (const wait = new LeaseWait(); ; await wait.next()) {
      // 4. The lease; and tokens before the loader runs: an eviction during the load invalidates what it stores.
      const lease = newToken();
      const [tokens, acquired] = await Promise.all([
        cache.store.tokens(allTags, longestLifetime(request)),
        cache.store.acquire(key, lease, LEASE_MS, seen),
      ]);
      if (acquired.kind === 'granted') {
        if (tokens !== undefined) return this.loadAndStore(request, loader, lease, tokens);
        await cache.store.release(key, lease);
        return this.loadOnly(request, loader);
      }
      if (acquired.kind === 'unavailable') return this.loadOnly(request, loader);
      if (acquired.kind === 'filled') {
        const stored = anew ? undefined : this.usable(request, acquired.found);
        if (stored !== undefined) return stored;
        seen = acquired.found.seen;
      } else {
        wait.heldFor(acquired.forMs);
      }
      if (wait.isOver) return this.loadOnly(request, loader);
    }
  }

  /** Steps 5 and 6, as the holder of the lease. */
  private async loadAndStore(
    request: ReadRequest,
    loader: Loader,
    lease: string,
    tokens: readonly string[],
  ): Promise<Outcome> {
    const { cache, key, allTags } = request;
    let stored = false;
    try {
      // 5. The loader. Its error is the caller's error.
      const value = await loader();
      const entry = this.entryOf(request, value, tokens);
      if (entry === undefined) return Outcome.ofValue(value, 'miss');
      // A hit equals a miss: what callers get is what a hit would give them.
      const outcome = Outcome.ofEntry(entry, this.codec, cache.policy.isolation, 'miss');

      // 6. Store with the lease as fence: after an eviction it is gone, and nothing is stored anywhere.
      const lifetime = expiresAt(entry) - entry.createdAt;
      if (lifetime > longestLifetime(request)) await cache.store.tokens(allTags, lifetime);
      stored = await cache.store.store(key, lease, entry);
      if (stored) this.fillL1(request, entry);
      return outcome;
    } finally {
      if (!stored) await cache.store.release(key, lease);
    }
  }

  /** Runs the loader for those who wait, and stores nothing: there is no fence against evictions. */
  private async loadOnly(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const value = await loader();
    const entry = this.entryOf(request, value, []);
    if (entry === undefined) return Outcome.ofValue(value, 'miss');
    return Outcome.ofEntry(entry, this.codec, request.cache.policy.isolation, 'miss');
  }

  /** One refresh per key; what another instance has stored meanwhile is as good. */
  private refreshStale(request: ReadRequest, loader: Loader, found: Found): Promise<Outcome> {
    const name = flightName(request);
    const { generation } = request;
    return (
      this.refreshes.join(name, generation) ??
      this.refreshes.start(name, generation, () => this.load(request, loader, found, false))
    );
  }

  private async passBy(cache: BoundCache, args: readonly unknown[], loader: Loader): Promise<unknown> {
    this.counter.count(cache, cache.keyOf(...args), 'bypass');
    return loader();
  }

  private request(
    cache: BoundCache,
    args: readonly unknown[],
    key: string,
    overrides: ReadOverrides | undefined,
  ): ReadRequest {
    cache.check(key);
    const allTags = cache.tagsOf(args, overrides?.tags);
    return { ...overrides, cache, args, key, allTags, generation: this.generations.of(key, allTags) };
  }

  /** What the store found, if it can be served; a fresh entry goes to L1 on the way. */
  private usable(request: ReadRequest, { entry }: Found): Outcome | undefined {
    const outcome = this.entries.usable(request.cache, entry);
    if (outcome?.kind === 'hit' && entry !== undefined) this.fillL1(request, entry);
    return outcome;
  }

  /** The entry to store for a value, or `undefined` when it is not to be stored, or cannot be. */
  private entryOf(request: ReadRequest, value: unknown, tokens: readonly string[]): Entry | undefined {
    try {
      if (request.storeIf?.(value) === false) return undefined;
      return this.maker.make(request, value, tokens);
    } catch (error) {
      // The value was loaded: the caller gets it, whatever keeps it from being stored.
      this.events.problems.emit({ operation: 'store', error });
      return undefined;
    }
  }

  private fillL1({ cache, key, allTags, generation }: ReadRequest, entry: Entry): void {
    if (this.generations.of(key, allTags) === generation) cache.fillL1(key, entry, this.clock.now());
  }
}

/** Two caches may make equal keys: they take each other's entries for misses, and must not join each other's loads. */
function flightName({ cache, key }: ReadRequest): string {
  return `${cache.name} ${key}`;
}
