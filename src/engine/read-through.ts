import type { Codec } from '../codec/codec.js';
import type { BackgroundWork } from './background-work.js';
import { loadAll, type ArgsList, type BatchLoader } from './batch-loader.js';
import { BatchReads } from './batch-reads.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import { EntryMaker } from './entry-maker.js';
import { EntryReader, UNUSABLE } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { Flights, type Flight } from './flights.js';
import type { Generations } from './generations.js';
import type { LeaseLimits } from './lease-keeper.js';
import type { LoadWaiters } from './load-waiters.js';
import { LoaderCalls } from './loader-calls.js';
import { NOBODY, type Audience, type Loader } from './how-to-load.js';
import { Loads } from './loads.js';
import type { Found } from '../stores/store.js';
import type { Outcome } from './outcome.js';
import { ReadCounter } from './read-counter.js';
import { overridesOfOne, type BatchOverrides, type ReadOverrides, type ReadRequest } from './read-request.js';
import { Refreshes } from './refreshes.js';
import { Reloads } from './reloads.js';
import { Requests } from './requests.js';

export interface ReadThroughParts {
  readonly codec: Codec;
  readonly clock: Clock;
  readonly generations: Generations;
  readonly events: CacheEvents;
  readonly background: BackgroundWork;
  readonly waiters: LoadWaiters;
  readonly lease: LeaseLimits;
  /** How long one call waits for the shared store, milliseconds. */
  readonly patience: number;
}

/** The way of a read: L1, the flight that is already under way, L2, the loader. */
export class ReadThrough {
  /** Reads that load whatever is stored. */
  readonly refreshes: Refreshes;
  private readonly calls: LoaderCalls;
  private readonly requests: Requests;
  private readonly flights: Flights<Outcome>;
  /** Loads of those who have waited for a flight in vain. */
  private readonly spares: Flights<Outcome>;
  private readonly entries: EntryReader;
  private readonly loads: Loads;
  private readonly reloads: Reloads;
  private readonly counter: ReadCounter;
  private readonly batch: BatchReads;

  constructor(parts: ReadThroughParts) {
    const { codec, clock, generations, events, lease } = parts;
    this.calls = new LoaderCalls(events, clock);
    this.requests = new Requests(generations, parts.patience);
    this.flights = new Flights(generations, lease);
    this.spares = new Flights(generations, lease);
    this.entries = new EntryReader(codec, clock, generations, events);
    this.loads = new Loads({
      ...parts,
      entries: this.entries,
      maker: new EntryMaker(codec, clock, events),
      calls: this.calls,
    });
    this.reloads = new Reloads(parts);
    this.counter = new ReadCounter(events, clock);
    this.batch = new BatchReads({
      entries: this.entries,
      loads: this.loads,
      reloads: this.reloads,
      flights: this.flights,
      join: async (flight, request, loader) => (await flight.joined()) ?? this.leadSpare(request, loader),
      counter: this.counter,
      patienceFor: (cache) => this.requests.patienceFor(cache),
      request: (cache, args, key, patience, overrides) =>
        this.requests.of(cache, args, key, overrides && overridesOfOne(overrides, args), patience),
    });
    this.refreshes = new Refreshes({
      entries: this.entries,
      loads: this.loads,
      request: (cache, args, overrides, patience) =>
        this.requests.of(cache, args, cache.keyOf(...args), overrides, patience),
      passBy: (cache, args, loader) => this.passBy(cache, args, loader),
    });
  }

  /** What is stored under many keys, in their order, without loading. */
  async findMany(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    if (cache.enabled) return this.batch.find(cache, argsList);
    return Promise.all(argsList.map((args) => this.find(cache, args)));
  }

  /** The values of many keys, in their order; those that are missing are loaded with one call. */
  async getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly unknown[]> {
    if (cache.enabled && overrides?.bypass !== true) {
      const outcomes = await this.batch.getOrLoad(cache, argsList, loadMissing, overrides);
      return outcomes.map((outcome) => outcome.take());
    }
    const keys = argsList.map((args) => cache.keyOf(...args));
    const since = performance.now();
    for (const key of keys) this.counter.count(cache, key, { outcome: 'bypass', since });
    return this.calls.past(cache, keys, () => loadAll(cache, argsList, loadMissing));
  }

  /** The value of a key: from L1, from a flight under way, from L2, or from the loader, which is then stored. */
  getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    // Not an async function, and without a closure: what memory answers costs one promise.
    try {
      if (!cache.enabled || overrides?.bypass === true) {
        return this.passBy(cache, args, loader, overrides);
      }

      // 1. L1: fresh, and its tags are current.
      const begun = this.counter.begin();
      const key = cache.keyOf(...args);
      const lately = this.entries.lately();
      const resident = this.entries.freshInL1(cache, key, lately);
      if (resident !== undefined) {
        const value = this.entries.valueOf(cache, key, resident);
        if (value !== UNUSABLE) {
          this.counter.hit(cache, key, resident, begun, lately);
          if (cache.policy.refreshAhead !== false && this.reloads.isDue(cache, resident, lately)) {
            this.refreshAhead(this.requests.of(cache, args, key, overrides), loader, { seen: resident.id });
          }
          return Promise.resolve(value);
        }
      }
      return this.beyondL1(cache, args, key, loader, begun, overrides);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Steps 2 to 6. */
  private async beyondL1(
    cache: BoundCache,
    args: readonly unknown[],
    key: string,
    loader: Loader,
    begun: number,
    overrides: ReadOverrides | undefined,
  ): Promise<unknown> {
    const since = this.counter.measureFrom(begun);

    // 2. A flight for this key, if nothing was evicted since it began. Who waits for it in vain loads alone.
    const flight = this.flights.find(cache, key);
    const isJoining = flight !== undefined;
    try {
      // At once, so that whoever asks in the same turn joins.
      const outcome =
        flight === undefined
          ? await this.lead(this.requests.of(cache, args, key, overrides), loader, since)
          : ((await flight.joined()) ??
            (await this.leadSpare(this.requests.of(cache, args, key, overrides), loader)));
      const { kind, tier, entry } = outcome;
      this.counter.count(cache, key, { outcome: kind, tier, entry, coalesced: isJoining, since });
      if (outcome.kind === 'miss' && !isJoining) overrides?.onOwnLoad?.();
      return outcome.take();
    } catch (error) {
      this.counter.count(cache, key, { outcome: 'miss', coalesced: isJoining, since });
      throw error;
    }
  }

  /** Runs the loader for one caller, and stores nothing. */
  async loadAlone(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    const request = this.requests.of(cache, args, cache.keyOf(...args), overrides);
    const load = this.loads.loadAlone(request, loader);
    const outcome = await this.reloads.wait(request, load, { hasLeft: false }, undefined);
    overrides?.onOwnLoad?.();
    return outcome.take();
  }

  /** A hit on an entry that waits to be stored. */
  pending(cache: BoundCache, key: string, entry: Entry): Outcome {
    this.counter.count(cache, key, { outcome: 'hit', tier: 'l1', entry, since: performance.now() });
    return this.entries.outcomeOf(cache, entry, 'hit', 'l1');
  }

  /** A miss, whatever is stored. */
  skip(cache: BoundCache, key: string): undefined {
    this.counter.count(cache, key, { outcome: 'miss', since: performance.now() });
  }

  /** What is stored under a key, without loading. */
  async find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined> {
    const begun = this.counter.begin();
    const key = cache.keyOf(...args);
    const lately = this.entries.lately();
    if (!cache.enabled) {
      this.counter.count(cache, key, { outcome: 'bypass', since: performance.now() });
      return undefined;
    }
    const resident = this.entries.outcomeInL1(cache, key, lately);
    if (resident?.entry !== undefined) {
      this.counter.hit(cache, key, resident.entry, begun, lately);
      return resident;
    }
    const since = this.counter.measureFrom(begun);
    const request = this.requests.of(cache, args, key, undefined);
    const found = await request.patience.spend(cache.store.read(key, request.allTags));
    const outcome = this.entries.usable(request, found);
    if (found.entry === undefined && found.seen !== '') void cache.store.discard(key, found.seen);
    this.counter.count(cache, key, {
      outcome: outcome?.kind ?? 'miss',
      tier: outcome?.tier,
      entry: outcome?.entry,
      since,
    });
    return outcome;
  }

  /** How many reads and loads are in progress. */
  get inFlight(): number {
    return this.flights.size + this.spares.size + this.reloads.inFlight;
  }

  /** A flight of one's own. */
  private lead(request: ReadRequest, loader: Loader, since: number): Promise<Outcome> {
    return this.flights.begin(request, since, (flight) => this.readOrLoad(flight, loader));
  }

  /** For those who have waited for a flight in vain: a load that they share, and that stores nothing. */
  private async leadSpare(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const load = () => this.loads.loadAlone(request, loader);
    const spare = this.spares.find(request.cache, request.key);
    return spare === undefined ? this.spares.start(request, load) : ((await spare.joined()) ?? load());
  }

  /** Steps 3 to 6. */
  private async readOrLoad(flight: Flight<Outcome>, loader: Loader): Promise<Outcome> {
    const { request } = flight;
    const { cache, key, allTags } = request;
    try {
      // 3. L2, tag tokens alongside. What is stale, or soon will be, is served while it is loaded in the background.
      const found = await cache.store.read(key, allTags);
      const now = this.entries.now();
      const stored = this.entries.usable(request, found, now);
      if (stored !== undefined) {
        if (this.reloads.isDue(cache, found.entry!, now)) this.refreshAhead(request, loader, found);
        return stored;
      }

      // 4 to 6. Nothing usable: load, with what is past its ttl to fall back on.
      request.patience.spentSince(flight.since);
      const fallback = this.entries.usableOnError(request, found);
      if (fallback !== undefined && this.reloads.isPaused(request)) return fallback;
      const audience: Audience = { hasLeft: false };
      const load = this.loads.load(request, loader, found, { audience });
      return await this.reloads.wait(request, load, audience, fallback);
    } finally {
      this.flights.land(flight);
    }
  }

  /** Loads in the background what is stale, or soon will be. */
  private refreshAhead(request: ReadRequest, loader: Loader, found: Found): void {
    this.reloads.refresh(request, () => this.loads.load(request, loader, found, { audience: NOBODY }));
  }

  private async passBy(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    const key = cache.keyOf(...args);
    this.counter.count(cache, key, { outcome: 'bypass', since: performance.now() });
    overrides?.onOwnLoad?.();
    return this.calls.past(cache, [key], loader);
  }

  /** Loads many with one call, each of them once, for one caller, and stores nothing. In the order of the list. */
  loadManyAlone(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
  ): Promise<readonly Outcome[]> {
    return this.batch.loadAlone(cache, argsList, loadMissing);
  }
}
