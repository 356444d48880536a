import type { Codec } from '../codec/codec.js';
import type { Found } from '../stores/store.js';
import type { BackgroundWork } from './background-work.js';
import { BatchReads, loadAll, type ArgsList, type BatchLoader } from './batch-reads.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import { EntryMaker } from './entry-maker.js';
import { EntryReader, UNUSABLE } from './entry-reader.js';
import type { CacheEvents } from './events.js';
import { Flights } from './flights.js';
import type { Generations } from './generations.js';
import type { LeaseLimits } from './lease-keeper.js';
import type { LoadWaiters } from './load-waiters.js';
import { Loads, NOBODY, type Audience, type HowToLoad, type Loader } from './loads.js';
import type { Outcome } from './outcome.js';
import { ReadCounter } from './read-counter.js';
import { Patience } from './patience.js';
import { tellLoad, tellLoads } from './telling.js';
import { overridesOfOne, type BatchOverrides, type ReadOverrides, type ReadRequest } from './read-request.js';
import { Reloads } from './reloads.js';

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

const NOT_READ: Found = Object.freeze({ seen: '', unavailable: true });

/** What a refresh came to. */
export interface Refreshed {
  readonly value: unknown;
  /** `lost`: it should have been stored, and what was stored before is older. */
  readonly ending: 'stored' | 'lost' | 'not wanted';
  /** What was stored before. */
  readonly found: Found;
  /** How long the call still waits for the shared store. */
  readonly patience: Patience | undefined;
}

/** The way of a read: L1, the flight that is already under way, L2, the loader. */
export class ReadThrough {
  private readonly generations: Generations;
  private readonly events: CacheEvents;
  private readonly patience: number;
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
    this.generations = generations;
    this.events = events;
    this.patience = parts.patience;
    this.flights = new Flights(generations, lease);
    this.spares = new Flights(generations, lease);
    this.entries = new EntryReader(codec, clock, generations, events);
    this.loads = new Loads({ ...parts, entries: this.entries, maker: new EntryMaker(codec, clock) });
    this.reloads = new Reloads(parts);
    this.counter = new ReadCounter(events);
    this.batch = new BatchReads({
      entries: this.entries,
      loads: this.loads,
      reloads: this.reloads,
      flights: this.flights,
      join: async (flight, request, loader) => (await flight.joined()) ?? this.lead(request, loader, true),
      counter: this.counter,
      patienceFor: (cache) => this.patienceFor(cache),
      request: (cache, args, key, patience, overrides) =>
        this.request(cache, args, key, overrides && overridesOfOne(overrides, args), patience),
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
    for (const key of keys) this.counter.count(cache, key, 'bypass');
    return tellLoads(this.events.loads, cache, keys, () => loadAll(cache, argsList, loadMissing));
  }

  /** The value of a key: from L1, from a flight under way, from L2, or from the loader, which is then stored. */
  async getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (!cache.enabled || overrides?.bypass === true) {
      return this.passBy(cache, args, loader, overrides);
    }

    // 1. L1: fresh, and its tags are current.
    const key = cache.keyOf(...args);
    const resident = this.entries.freshInL1(cache, key);
    const value = resident === undefined ? UNUSABLE : this.entries.valueOf(cache, key, resident);
    if (resident !== undefined && value !== UNUSABLE) {
      const { entry } = resident;
      if (this.reloads.isDue(cache, entry)) {
        const request = this.request(cache, args, key, overrides);
        const found = { entry, seen: entry.id };
        this.reloads.refresh(request, () => this.loads.load(request, loader, found, { audience: NOBODY }));
      }
      this.counter.count(cache, key, 'hit', 'l1');
      return value;
    }

    // 2. A flight for this key, if nothing was evicted since it began. Who waits for it in vain loads alone.
    const flight = this.flights.find(cache, key);
    const isJoining = flight !== undefined;
    try {
      // At once, so that whoever asks in the same turn joins.
      const lead = () => this.lead(this.request(cache, args, key, overrides), loader, isJoining);
      const outcome = flight === undefined ? await lead() : ((await flight.joined()) ?? (await lead()));
      this.counter.count(cache, key, outcome.kind, outcome.tier, isJoining);
      if (outcome.kind === 'miss' && !isJoining) overrides?.onOwnLoad?.();
      return outcome.take();
    } catch (error) {
      this.counter.count(cache, key, 'miss', undefined, isJoining);
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
    const request = this.request(cache, args, cache.keyOf(...args), overrides);
    const outcome = await this.loads.loadAlone(request, loader);
    overrides?.onOwnLoad?.();
    return outcome.take();
  }

  /** A hit on an entry that waits to be stored. */
  pending(cache: BoundCache, key: string, entry: Entry): Outcome {
    this.counter.count(cache, key, 'hit', 'l1');
    return this.entries.outcomeOf(cache, entry, 'hit', 'l1');
  }

  /** A miss, whatever is stored. */
  skip(cache: BoundCache, key: string): undefined {
    this.counter.count(cache, key, 'miss');
  }

  /** What is stored under a key, without loading. */
  async find(cache: BoundCache, args: readonly unknown[]): Promise<Outcome | undefined> {
    const key = cache.keyOf(...args);
    if (!cache.enabled) {
      this.counter.count(cache, key, 'bypass');
      return undefined;
    }
    const resident = this.entries.outcomeInL1(cache, key);
    if (resident !== undefined) {
      this.counter.count(cache, key, 'hit', 'l1');
      return resident;
    }
    const request = this.request(cache, args, key, undefined);
    const found = await request.patience.wait(cache.store.read(key, request.allTags), NOT_READ);
    const outcome = this.entries.usable(request, found);
    if (found.entry === undefined && found.seen !== '') void cache.store.discard(key, found.seen);
    this.counter.count(cache, key, outcome?.kind ?? 'miss', outcome?.tier);
    return outcome;
  }

  /** Loads and stores, whatever is stored already, and whatever load is under way. */
  async refresh(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<Refreshed> {
    if (!cache.enabled || overrides?.bypass === true) {
      return {
        value: await this.passBy(cache, args, loader),
        // A cache that is disabled may be enabled again: what it has stored before is older than this value.
        ending: overrides?.bypass === true ? 'not wanted' : 'lost',
        found: NOT_READ,
        patience: undefined,
      };
    }
    const request = this.request(cache, args, cache.keyOf(...args), overrides);
    const found = await request.patience.wait(cache.store.read(request.key, request.allTags), NOT_READ);
    let ending: Refreshed['ending'] = 'lost';
    const onEnd: HowToLoad['onEnd'] = (how) => {
      ending = how;
    };
    const outcome = await this.loads.load(request, loader, found, { anew: true, onEnd });
    return { value: outcome.take(), ending, found, patience: request.patience };
  }

  /** How many reads and loads are in progress. */
  get inFlight(): number {
    return this.flights.size + this.spares.size + this.reloads.inFlight;
  }

  /** A flight of one's own; for those who have waited for one in vain, a load that they share, and that stores nothing. */
  private async lead(request: ReadRequest, loader: Loader, hasWaited: boolean): Promise<Outcome> {
    if (!hasWaited) return this.flights.start(request, () => this.readOrLoad(request, loader));
    const load = () => this.loads.loadAlone(request, loader);
    const spare = this.spares.find(request.cache, request.key);
    return spare === undefined ? this.spares.start(request, load) : ((await spare.joined()) ?? load());
  }

  /** Steps 3 to 6. */
  private async readOrLoad(request: ReadRequest, loader: Loader): Promise<Outcome> {
    const { cache, key, allTags } = request;

    // 3. L2, tag tokens alongside. What is stale, or soon will be, is served while it is loaded in the background.
    const found = await request.patience.wait(cache.store.read(key, allTags), NOT_READ);
    const stored = this.entries.usable(request, found);
    if (stored !== undefined) {
      if (this.reloads.isDue(cache, found.entry!)) {
        this.reloads.refresh(request, () => this.loads.load(request, loader, found, { audience: NOBODY }));
      }
      return stored;
    }

    // 4 to 6. Nothing usable: load, with what is past its ttl to fall back on.
    const fallback = this.entries.usableOnError(request, found);
    if (fallback !== undefined && this.reloads.isPaused(request)) return fallback;
    const audience: Audience = { hasLeft: false };
    const load = this.loads.load(request, loader, found, { audience });
    return this.reloads.wait(request, load, audience, fallback);
  }

  private async passBy(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    const key = cache.keyOf(...args);
    this.counter.count(cache, key, 'bypass');
    overrides?.onOwnLoad?.();
    return tellLoad(this.events.loads, { cache, key }, loader);
  }

  /** Memory needs none. */
  private patienceFor({ store, near }: BoundCache): Patience {
    return new Patience(store === near ? Infinity : this.patience);
  }

  private request(
    cache: BoundCache,
    args: readonly unknown[],
    key: string,
    overrides: ReadOverrides | undefined,
    patience = this.patienceFor(cache),
  ): ReadRequest {
    cache.check(key);
    const allTags = cache.tagsOf(args, overrides?.tags);
    return { ...overrides, cache, args, patience, ...this.generations.note(key, allTags) };
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
