import type { Bus, Invalidation } from '../engine/bus.js';
import type { Entry } from '../engine/entry.js';
import type { Tier } from '../engine/events.js';
import type { LoadEnding } from '../engine/load-waiters.js';
import type { CachePattern } from '../definition/template.js';
import { CacheError } from '../errors.js';
import type {
  Acquired,
  Found,
  HowToEvict,
  LeaseWish,
  Loaded,
  MaybePromise,
  SharedStore,
} from '../stores/store.js';
import type { Progress } from '../engine/deadlines.js';
import { Fold } from './fold.js';
import { isShut, type Gate } from './gate.js';
import type { GuardedStoreParts, RemoteStore } from './guarded-store-parts.js';
import { OutageQueue } from './outage-queue.js';
import { within } from './within.js';

export type { GuardedStoreParts, RemoteStore } from './guarded-store-parts.js';

const NOT_ASKED: Found = Object.freeze({ seen: '', unavailable: true });
const UNAVAILABLE: Acquired = Object.freeze({ kind: 'unavailable' });

/** How many of those that may be on their way at a time one operation counts for at most. */
const MOST_PLACES = 100;

/** What a read asks for. */
interface Read {
  readonly key: string;
  readonly tags: readonly string[];
}

/**
 * The shared store as the engine sees it: nothing here rejects, unless a caller has asked for it. A read that fails is
 * a miss, a store that fails is not stored, and an eviction that fails waits in a queue; what it names is not read
 * until it has been carried out.
 */
export class GuardedStore implements SharedStore {
  readonly tier: Tier;
  private readonly inner: RemoteStore;
  private readonly bus: Bus;
  private readonly gate: Gate;
  private readonly onProblem: (operation: string, error: unknown) => void;
  private readonly onQueued: GuardedStoreParts['onQueued'];
  private readonly queue: OutageQueue;
  private readonly reads: Fold<Read, Found>;
  private readonly acquires: Fold<LeaseWish, Acquired>;
  private readonly stores: Fold<Loaded, boolean>;
  private hasConnected = false;
  /** When Redis was last out of reach, or would not take a lease back, on the clock of `performance.now()`. */
  private troubledAt = -Infinity;

  constructor(parts: GuardedStoreParts) {
    const { inner, bus, gate, onProblem } = parts;
    this.inner = inner;
    this.bus = bus;
    this.gate = gate;
    this.onQueued = parts.onQueued;
    this.onProblem = (operation, error) => {
      // That it is shut has been told when it was.
      if (!isShut(error)) onProblem(operation, error);
    };
    this.tier = inner.tier;
    this.queue = new OutageQueue({ ...parts, store: inner, onProblem: this.onProblem });
    this.reads = new Fold({
      most: () => inner.mostReads,
      one: (read) => this.readOne(read),
      many: (reads) =>
        this.readMany(
          reads.map(({ key }) => key),
          reads.map(({ tags }) => tags),
        ),
    });
    const most = () => inner.mostLoads;
    this.acquires = new Fold({ most, many: (wishes) => this.acquireMany(wishes) });
    this.stores = new Fold({ most, many: (loaded) => this.storeMany(loaded) });
  }

  /** How many evictions have not reached Redis yet. */
  get queued(): number {
    return this.queue.size;
  }

  /** There is a new connection: evictions that are due are carried out before anything is read. */
  async connected(): Promise<void> {
    if (this.hasConnected) this.troubledAt = performance.now();
    this.hasConnected = true;
    this.queue.connected();
    await this.catchUp();
  }

  /** Carries out what waits, once more, and nothing by itself after that. Tells how many evictions are lost. */
  async close(deadlineMs: number): Promise<number> {
    if (this.queued > 0) await within(deadlineMs, this.queue.flush());
    this.queue.close();
    return this.queued;
  }

  /** Carries out evictions that wait, if Redis can be asked. Tells whether none is left. */
  async catchUp(): Promise<boolean> {
    await this.queue.replay();
    return !this.queue.isBehind;
  }

  /** What is read at the same time is read together. Takes one deadline at most. */
  read(key: string, tags: readonly string[]): Promise<Found> {
    return this.reads.ask({ key, tags });
  }

  /** Takes one deadline at most. */
  async readMany(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): Promise<readonly Found[]> {
    const { replays } = this.queue;
    const read = () => this.inner.readMany(keys, tagsOfEach);
    const founds = await this.askInTime('read', undefined, read, Math.min(keys.length, MOST_PLACES));
    if (founds === undefined) return keys.map(() => NOT_ASKED);
    return founds.map((found, i) => this.usable(keys[i] ?? '', found, replays));
  }

  private async readOne({ key, tags }: Read): Promise<Found> {
    const { replays } = this.queue;
    const found = await this.askInTime('read', NOT_ASKED, () => this.inner.read(key, tags), 1);
    return this.usable(key, found, replays);
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    return this.acquires.ask({ key, lease, leaseMs, seen });
  }

  private async acquireMany(wishes: readonly LeaseWish[]): Promise<readonly Acquired[]> {
    const { replays } = this.queue;
    const acquire = () => this.inner.acquireMany(wishes);
    const acquired = await this.ask('acquire', undefined, acquire, wishes.length);
    return wishes.map((wish, i) => this.acquired(wish, acquired?.[i] ?? UNAVAILABLE, replays));
  }

  private acquired({ key, lease, leaseMs }: LeaseWish, acquired: Acquired, replays: number): Acquired {
    // It may have been granted all the same: nobody is to wait for a holder who does not load.
    if (acquired === UNAVAILABLE && this.gate.isOpen) void this.release(key, lease);
    if (acquired.kind === 'filled' && this.usable(key, acquired.found, replays) === NOT_ASKED)
      return UNAVAILABLE;
    if (acquired.kind !== 'held') return acquired;
    // Whoever holds it may have been unable to give it back, and may not know yet that it could.
    const isDoubtful = performance.now() - this.troubledAt < leaseMs;
    return isDoubtful ? { ...acquired, isDoubtful } : acquired;
  }

  /** As long as Redis does not say otherwise, it holds. */
  extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.ask('extend', true, () => this.inner.extend(key, lease, leaseMs));
  }

  tokens(
    tags: readonly string[],
    lifetimeMs: number,
    exact?: 'exact',
  ): MaybePromise<readonly string[] | undefined> {
    const mayKnow = exact === undefined && this.gate.isOpen && !this.queue.isBehind;
    const known = mayKnow ? this.inner.tokensAtHand(tags, lifetimeMs) : undefined;
    return known ?? this.ask('tokens', undefined, () => this.inner.tokens(tags, lifetimeMs, exact));
  }

  store(key: string, lease: string, entry: Entry): Promise<boolean> {
    return this.stores.ask({ key, lease, entry });
  }

  private async storeMany(loaded: readonly Loaded[]): Promise<readonly boolean[]> {
    const store = () => this.inner.storeMany(loaded);
    const stored = await this.ask('store', undefined, store, loaded.length);
    return loaded.map((_, i) => stored?.[i] === true);
  }

  /** What could not be given back is, when Redis is there again. */
  async release(key: string, lease: string, ending?: LoadEnding): Promise<void> {
    try {
      await this.gate.run(() => this.inner.release(key, lease, ending), 'release');
    } catch (error) {
      this.onProblem('release', error);
      this.troubledAt = performance.now();
      this.queue.addRelease(key, lease);
    }
  }

  discard(key: string, seen: string): Promise<void> {
    return this.change('discard', { keys: [key] }, undefined, () => this.inner.discard(key, seen));
  }

  replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    return this.ask('replace', false, () => this.inner.replace(key, seen, entry));
  }

  /** One that fails is an eviction that fails. */
  async seize(key: string, lease: string, leaseMs: number): Promise<boolean> {
    let isSeized = false;
    await this.change('seize', { keys: [key] }, undefined, async () => {
      isSeized = await this.inner.seize(key, lease, leaseMs);
    });
    return isSeized;
  }

  async claim(key: string, lease: string, leaseMs: number): Promise<boolean> {
    const claim = () => this.inner.claim(key, lease, leaseMs);
    const isClaimed = await this.ask<boolean | undefined>('claim', undefined, claim);
    // It may have been all the same: nobody is to wait for a holder who does not store.
    if (isClaimed === undefined && this.gate.isOpen) void this.release(key, lease);
    return isClaimed ?? false;
  }

  evict(keys: readonly string[], how?: HowToEvict): Promise<void> {
    return this.change('evict', { keys }, how, () => this.inner.evict(keys));
  }

  evictTags(tags: readonly string[], how?: HowToEvict): Promise<void> {
    return this.change('evict tags', { tags }, how, () => this.inner.evictTags(tags));
  }

  async evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    let evicted = 0;
    await this.change('evict pattern', { patterns: [pattern.text] }, how, async (progress) => {
      evicted = await this.inner.evictMatching(pattern, how, progress);
    });
    return evicted;
  }

  async announce(what: Invalidation, how?: HowToEvict): Promise<void> {
    await this.change('announce', what, how, () => this.bus.publish(what));
  }

  /** An operation that may be left undone, within one deadline in all: whatever it has to wait for before its turn. */
  private askInTime<T, U>(
    operation: string,
    otherwise: U,
    act: () => MaybePromise<T>,
    places: number,
  ): Promise<T | U> {
    // What need not wait has the deadline of the gate.
    const mayWait = this.queue.isBehind || this.gate.isCrowded(places);
    const ask = () => this.ask<T | U>(operation, otherwise, act, places);
    return mayWait ? this.gate.inTime(ask, otherwise) : ask();
  }

  /** An operation that may be left undone. */
  private async ask<T>(
    operation: string,
    otherwise: T,
    act: () => MaybePromise<T>,
    places?: number,
  ): Promise<T> {
    if (!this.gate.isOpen) {
      if (this.hasConnected) this.troubledAt = performance.now();
      return otherwise;
    }
    if (this.queue.isBehind) {
      await this.gate.inTime(() => this.queue.replay(), undefined);
      if (this.queue.isBlocking) return otherwise;
    }
    try {
      return await this.gate.run(act, operation, places);
    } catch (error) {
      this.onProblem(operation, error);
      return otherwise;
    }
  }

  /** An operation after which the old value must not be seen again, whether it succeeds or not. */
  private async change(
    operation: string,
    what: Invalidation,
    how: HowToEvict | undefined,
    act: (progress: Progress) => MaybePromise<void>,
  ): Promise<void> {
    this.queue.remember(what);
    try {
      await this.gate.run(act, operation);
    } catch (error) {
      this.onProblem(operation, error);
      if (how?.strict === true) throw notEvicted(error);
      this.queue.add(what);
      this.onQueued?.(what);
    }
  }

  /** What was found, unless it is to be evicted, or may have been by a replay that went on beside the read. */
  private usable(key: string, found: Found, replays: number): Found {
    if (found.entry === undefined) return found;
    const isEvicted = replays !== this.queue.replays || this.queue.covers(key, found.entry.tags);
    return isEvicted ? NOT_ASKED : found;
  }
}

function notEvicted(cause: unknown): CacheError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CacheError('CACHE_REDIS_UNAVAILABLE', `The eviction did not reach Redis: ${reason}`, { cause });
}
