import type { Codec } from '../codec/codec.js';
import { CacheLoadTimeoutError } from '../errors.js';
import type { Found } from '../stores/store.js';
import type { BackgroundWork } from './background-work.js';
import { BatchReads, loadAll, type ArgsList, type BatchLoader } from './batch-reads.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import { EntryMaker } from './entry-maker.js';
import { EntryReader } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { Flights } from './flights.js';
import type { Generations } from './generations.js';
import type { LeaseLimits } from './lease-keeper.js';
import type { LoadWaiters } from './load-waiters.js';
import { Loads, type Loader } from './loads.js';
import { Outcome } from './outcome.js';
import { ReadCounter } from './read-counter.js';
import type { ReadOverrides, ReadRequest } from './read-request.js';
import { isDueAhead } from './refresh-ahead.js';
import { ReloadPauses } from './reload-pauses.js';
import { settlesWithin } from './settled-within.js';

export interface ReadThroughParts {
  readonly codec: Codec;
  readonly clock: Clock;
  readonly generations: Generations;
  readonly events: CacheEvents;
  readonly background: BackgroundWork;
  readonly waiters: LoadWaiters;
  readonly lease: LeaseLimits;
}

/** The way of a read: L1, the flight that is already under way, L2, the loader. */
export class ReadThrough {
  private readonly flights: Flights<Outcome>;
  private readonly refreshes: Flights<Outcome>;
  private readonly entries: EntryReader;
  private readonly loads: Loads;
  private readonly pauses: ReloadPauses;
  private readonly counter: ReadCounter;
  private readonly batch: BatchReads;

  constructor(private readonly parts: ReadThroughParts) {
    const { codec, clock, generations, events, lease } = parts;
    this.flights = new Flights(generations, lease.max);
    this.refreshes = new Flights(generations, lease.max);
    this.entries = new EntryReader(codec, clock, generations, events);
    this.loads = new Loads({ ...parts, entries: this.entries, maker: new EntryMaker(codec, clock) });
    this.pauses = new ReloadPauses(clock);
    this.counter = new ReadCounter(events);
    this.batch = new BatchReads({
      entries: this.entries,
      loads: this.loads,
      flights: this.flights,
      counter: this.counter,
      request: (cache, args, key) => this.request(cache, args, key, undefined),
      refreshInBackground: (request, loader, found) => this.refreshInBackground(request, loader, found),
    });
  }

  /** What is stored under many keys, in their order, without loading. */
  async findMany(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    if (cache.policy.enabled) return this.batch.find(cache, argsList);
    return Promise.all(argsList.map((args) => this.find(cache, args)));
  }

  /** The values of many keys, in their order; those that are missing are loaded with one call. */
  async getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
  ): Promise<readonly unknown[]> {
    if (cache.policy.enabled) {
      const outcomes = await this.batch.getOrLoad(cache, argsList, loadMissing);
      return outcomes.map((outcome) => outcome.take());
    }
    for (const args of argsList) this.counter.count(cache, cache.keyOf(...args), 'bypass');
    return loadAll(cache, argsList, loadMissing);
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
      if (isDueAhead(cache.policy, resident.entry, this.parts.clock.now())) {
        const { entry } = resident;
        this.refreshInBackground(this.request(cache, args, key, overrides), loader, {
          entry,
          seen: entry.id,
        });
      }
      this.counter.count(cache, key, 'hit', 'l1');
      return this.entries.valueOf(cache, resident);
    }

    // 2. A flight for this key, if nothing was evicted since it began.
    const request = this.request(cache, args, key, overrides);
    const flight = this.flights.join(cache, key);
    const isJoining = flight !== undefined;
    try {
      const outcome = await (flight ?? this.flights.start(request, () => this.readOrLoad(request, loader)));
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
    const outcome = this.entries.usable(request, found);
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
    const request = this.request(cache, args, cache.keyOf(...args), overrides);
    const found = await cache.store.read(request.key, request.allTags);
    const outcome = await this.loads.load(request, loader, found, { anew: true });
    return outcome.take();
  }

  /** How many reads and loads are in progress. */
  get inFlight(): number {
    return this.flights.size + this.refreshes.size;
  }

  /** Steps 3 to 6. */
  private async readOrLoad(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const { cache, key, allTags } = request;

    // 3. L2, tag tokens alongside. What is stale, or soon will be, is served while it is loaded in the background.
    const found = await cache.store.read(key, allTags);
    const stored = this.entries.usable(request, found);
    if (stored !== undefined) {
      const isDue = stored.kind === 'stale' || isDueAhead(cache.policy, found.entry!, this.parts.clock.now());
      if (isDue) this.refreshInBackground(request, loader, found);
      return stored;
    }

    // 4 to 6. Nothing usable: load, with what is past its ttl to fall back on.
    const fallback = this.entries.usableOnError(request, found);
    if (fallback !== undefined && this.pauses.isPaused(request)) return fallback;
    return this.awaitLoad(request, this.loads.load(request, loader, found), fallback);
  }

  /**
   * Waits for a load as long as the policy says: with something to fall back on until `softTimeout`, and
   * without until `hardTimeout`. The load itself goes on, and stores.
   */
  private async awaitLoad(
    request: ReadRequest,
    load: Promise<Outcome>,
    fallback: Outcome | undefined,
  ): Promise<Outcome> {
    const { policy, name } = request.cache;
    const patience = fallback === undefined ? policy.hardTimeout : (policy.softTimeout ?? policy.hardTimeout);
    if (patience !== undefined && !(await settlesWithin(patience, load))) {
      this.parts.background.start('load', () => this.noteResult(request, load));
      if (fallback !== undefined) return fallback;
      throw new CacheLoadTimeoutError(name, patience);
    }
    if (fallback === undefined) return load;
    try {
      return await this.noteResult(request, load);
    } catch (error) {
      this.parts.events.problems.emit({ operation: 'load', error });
      return fallback;
    }
  }

  /** One refresh per key; what another instance has stored meanwhile is as good. */
  private refreshInBackground(request: ReadRequest, loader: Loader, found: Found): void {
    if (this.refreshes.join(request.cache, request.key) !== undefined || this.pauses.isPaused(request))
      return;
    const refresh = () => this.loads.load(request, loader, found);
    this.parts.background.start('refresh', () =>
      this.noteResult(request, this.refreshes.start(request, refresh)),
    );
  }

  /** Sees that the next reload of a key pauses if this one fails. */
  private async noteResult(request: ReadRequest, load: Promise<Outcome>): Promise<Outcome> {
    try {
      const outcome = await load;
      this.pauses.succeeded(request);
      return outcome;
    } catch (error) {
      this.pauses.failed(request);
      throw error;
    }
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
    return { ...overrides, cache, args, ...this.parts.generations.note(key, allTags) };
  }
}
