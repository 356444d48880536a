import type { Bus, Invalidation } from '../engine/bus.js';
import type { Entry } from '../engine/entry.js';
import type { Tier } from '../engine/events.js';
import type { LoadEnding } from '../engine/load-waiters.js';
import type { CachePattern } from '../definition/template.js';
import type {
  Acquired,
  Found,
  HowToEvict,
  LeaseWish,
  Loaded,
  MaybePromise,
  SharedStore,
} from '../stores/store.js';
import { isPromise } from '../codec/maybe-promise.js';
import { Fold } from './fold.js';
import { GuardedOperations } from './guarded-operations.js';
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
  private readonly queue: OutageQueue;
  private readonly operations: GuardedOperations;
  private readonly reads: Fold<Read, Found>;
  private readonly acquires: Fold<LeaseWish, Acquired>;
  private readonly stores: Fold<Loaded, boolean>;

  constructor(parts: GuardedStoreParts) {
    const { inner, bus, gate } = parts;
    this.inner = inner;
    this.bus = bus;
    this.gate = gate;
    this.tier = inner.tier;
    const onProblem = (operation: string, error: unknown) => this.operations.problem(operation, error);
    this.queue = new OutageQueue({ ...parts, store: inner, onProblem });
    this.operations = new GuardedOperations(gate, this.queue, parts);
    this.reads = new Fold({
      most: ({ tags }) => inner.mostReads(tags),
      one: (read) => this.readOne(read),
      many: (reads) =>
        this.readTogether(
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
    this.operations.connected();
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
    const founds = await this.readTogether(keys, tagsOfEach);
    return founds.some(isPromise)
      ? Promise.all(founds.map(async (found) => found))
      : (founds as readonly Found[]);
  }

  /** What takes longer for one of them, the others do not wait for. */
  private async readTogether(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): Promise<readonly MaybePromise<Found>[]> {
    const { replays } = this.queue;
    const since = performance.now();
    const read = () => this.inner.readMany(keys, tagsOfEach);
    const founds = await this.operations.askInTime(
      'read',
      undefined,
      read,
      Math.min(keys.length, MOST_PLACES),
    );
    if (founds === undefined) return keys.map(() => NOT_ASKED);
    return founds.map((found, i) => {
      const key = keys[i] ?? '';
      if (typeof found !== 'function') return this.usable(key, found, replays);
      const rest = this.operations.askRest('read', NOT_ASKED, found, since);
      return rest.then((all) => this.usable(key, all, replays));
    });
  }

  private async readOne({ key, tags }: Read): Promise<Found> {
    const { replays } = this.queue;
    const found = await this.operations.askInTime('read', NOT_ASKED, () => this.inner.read(key, tags), 1);
    return this.usable(key, found, replays);
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    return this.acquires.ask({ key, lease, leaseMs, seen });
  }

  private async acquireMany(wishes: readonly LeaseWish[]): Promise<readonly MaybePromise<Acquired>[]> {
    const { replays } = this.queue;
    const since = performance.now();
    let wasSent = false;
    const acquire = () => {
      wasSent = true;
      return this.inner.acquireMany(wishes);
    };
    const acquired = await this.operations.ask('acquire', undefined, acquire, wishes.length);
    return wishes.map((wish, i) => {
      const answer = acquired?.[i] ?? UNAVAILABLE;
      if (typeof answer === 'function') {
        const rest = this.operations.askRest('acquire', UNAVAILABLE, answer, since);
        return rest.then((all) => this.acquired(wish, all, replays));
      }
      // It may have been granted all the same: nobody is to wait for a holder who does not load.
      if (answer === UNAVAILABLE && wasSent) void this.release(wish.key, wish.lease);
      return this.acquired(wish, answer, replays);
    });
  }

  private acquired({ key, leaseMs }: LeaseWish, acquired: Acquired, replays: number): Acquired {
    if (acquired.kind === 'filled' && this.usable(key, acquired.found, replays) === NOT_ASKED)
      return UNAVAILABLE;
    if (acquired.kind !== 'held') return acquired;
    // Whoever holds it may have been unable to give it back, and may not know yet that it could.
    const isDoubtful = this.operations.wasTroubled(leaseMs);
    return isDoubtful ? { ...acquired, isDoubtful } : acquired;
  }

  /** As long as Redis does not say otherwise, it holds. */
  extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.operations.ask('extend', true, () => this.inner.extend(key, lease, leaseMs));
  }

  tokens(
    tags: readonly string[],
    lifetimeMs: number,
    exact?: 'exact',
  ): MaybePromise<readonly string[] | undefined> {
    const mayKnow = exact === undefined && this.gate.isOpen && !this.queue.isBehind;
    const known = mayKnow ? this.inner.tokensAtHand(tags, lifetimeMs) : undefined;
    return (
      known ?? this.operations.ask('tokens', undefined, () => this.inner.tokens(tags, lifetimeMs, exact))
    );
  }

  store(key: string, lease: string, entry: Entry): Promise<boolean> {
    return this.stores.ask({ key, lease, entry });
  }

  private async storeMany(loaded: readonly Loaded[]): Promise<readonly MaybePromise<boolean>[]> {
    const since = performance.now();
    const store = () => this.inner.storeMany(loaded);
    const stored = await this.operations.ask('store', undefined, store, loaded.length);
    return loaded.map((_, i) => {
      const answer = stored?.[i];
      return typeof answer === 'function'
        ? this.operations.askRest('store', false, answer, since)
        : answer === true;
    });
  }

  /** What could not be given back is, when Redis is there again. */
  async release(key: string, lease: string, ending?: LoadEnding): Promise<void> {
    const release = async () => this.inner.release(key, lease, ending);
    try {
      await this.gate.run(release, 'release');
    } catch (error) {
      // What has taken the lease may be on its way still, and Redis is to find this right behind it.
      if (isShut(error)) this.gate.sendOn(release);
      this.operations.problem('release', error);
      this.operations.noteTrouble();
      this.queue.addRelease(key, lease);
    }
  }

  discard(key: string, seen: string): Promise<void> {
    return this.operations.change('discard', { keys: [key] }, undefined, () => this.inner.discard(key, seen));
  }

  replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    return this.operations.ask('replace', false, () => this.inner.replace(key, seen, entry));
  }

  /** One that fails is an eviction that fails. */
  async seize(key: string, lease: string, leaseMs: number): Promise<boolean> {
    let wasSent = false;
    let isSeized = false;
    await this.operations.change('seize', { keys: [key] }, undefined, async () => {
      wasSent = true;
      isSeized = await this.inner.seize(key, lease, leaseMs);
    });
    if (wasSent && !isSeized) void this.release(key, lease);
    return isSeized;
  }

  async claim(key: string, lease: string, leaseMs: number): Promise<boolean> {
    let wasSent = false;
    const claim = () => {
      wasSent = true;
      return this.inner.claim(key, lease, leaseMs);
    };
    const isClaimed = await this.operations.ask('claim', undefined, claim);
    // As with any lease.
    if (wasSent && isClaimed === undefined) void this.release(key, lease);
    return isClaimed ?? false;
  }

  evict(keys: readonly string[], how?: HowToEvict): Promise<void> {
    return this.operations.change('evict', { keys }, how, () => this.inner.evict(keys));
  }

  evictTags(tags: readonly string[], how?: HowToEvict): Promise<void> {
    return this.operations.change('evict tags', { tags }, how, () => this.inner.evictTags(tags));
  }

  async evictMatching(pattern: CachePattern, how?: HowToEvict): Promise<number> {
    let evicted = 0;
    await this.operations.change('evict pattern', { patterns: [pattern.text] }, how, async (progress) => {
      evicted = await this.inner.evictMatching(pattern, how, progress);
    });
    return evicted;
  }

  async announce(what: Invalidation, how?: HowToEvict): Promise<void> {
    await this.operations.change('announce', what, how, () => this.bus.publish(what));
  }

  /** What was found, unless it is to be evicted, or may have been by a replay that went on beside the read. */
  private usable(key: string, found: Found, replays: number): Found {
    if (found.entry === undefined) return found;
    const isEvicted = replays !== this.queue.replays || this.queue.covers(key, found.entry.tags);
    return isEvicted ? NOT_ASKED : found;
  }
}
