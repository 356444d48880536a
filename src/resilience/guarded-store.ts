import type { CachePattern } from '../definition/template.js';
import type { Bus, Invalidation } from '../engine/bus.js';
import type { Entry } from '../engine/entry.js';
import type { Tier } from '../engine/events.js';
import type { LoadEnding } from '../engine/load-waiters.js';
import { Turnstile } from './turnstile.js';
import type { Acquired, CacheStore, Found, MaybePromise, SharedStore } from '../stores/store.js';

/** Operations on their way to Redis at one moment. */
const MOST_AT_A_TIME = 500;
const NOT_ASKED: Found = Object.freeze({ seen: '', unavailable: true });

/** What the guard needs to know of the connection. */
export interface Reachable {
  /** Whether commands can be sent right now. */
  readonly ready: boolean;
}

/**
 * The one gate through which every operation on the shared store passes. Nothing here rejects: a read that
 * fails is a miss, a store that fails is not stored.
 *
 * An eviction that fails must not be lost, or the old value would be back with Redis. Until every entry of the
 * namespace has been made unusable instead, which is tried before anything else is asked, the store counts as
 * unavailable.
 */
export class GuardedStore implements SharedStore {
  readonly tier: Tier;
  private readonly turnstile = new Turnstile(MOST_AT_A_TIME);
  private evictionMissed = false;
  private makingGood: Promise<boolean> | undefined;

  constructor(
    private readonly inner: CacheStore,
    private readonly bus: Bus,
    private readonly connection: Reachable,
    /** Makes every entry of the namespace unusable. */
    private readonly evictEverything: () => MaybePromise<void>,
    private readonly onProblem: (operation: string, error: unknown) => void,
  ) {
    this.tier = inner.tier;
  }

  read(key: string, tags: readonly string[]): Promise<Found> {
    return this.ask('read', NOT_ASKED, () => this.inner.read(key, tags));
  }

  readMany(keys: readonly string[], tagsOfEach: readonly (readonly string[])[]): Promise<readonly Found[]> {
    const notAsked = keys.map(() => NOT_ASKED);
    return this.ask('read', notAsked, () => this.inner.readMany(keys, tagsOfEach));
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    return this.ask<Acquired>('acquire', { kind: 'unavailable' }, () =>
      this.inner.acquire(key, lease, leaseMs, seen),
    );
  }

  extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.ask('extend', false, () => this.inner.extend(key, lease, leaseMs));
  }

  tokens(
    tags: readonly string[],
    lifetimeMs: number,
    exact?: 'exact',
  ): Promise<readonly string[] | undefined> {
    return this.ask('tokens', undefined, () => this.inner.tokens(tags, lifetimeMs, exact));
  }

  store(key: string, lease: string, entry: Entry): Promise<boolean> {
    return this.ask('store', false, () => this.inner.store(key, lease, entry));
  }

  release(key: string, lease: string, ending?: LoadEnding): Promise<void> {
    return this.ask('release', undefined, () => this.inner.release(key, lease, ending));
  }

  discard(key: string, seen: string): Promise<void> {
    return this.ask('discard', undefined, () => this.inner.discard(key, seen));
  }

  put(key: string, entry: Entry): Promise<boolean> {
    return this.change('put', false, () => this.inner.put(key, entry));
  }

  replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    return this.ask('replace', false, () => this.inner.replace(key, seen, entry));
  }

  evict(keys: readonly string[]): Promise<void> {
    return this.change('evict', undefined, () => this.inner.evict(keys));
  }

  evictTags(tags: readonly string[]): Promise<void> {
    return this.change('evict tags', undefined, () => this.inner.evictTags(tags));
  }

  evictMatching(pattern: CachePattern): Promise<number> {
    return this.change('evict pattern', 0, () => this.inner.evictMatching(pattern));
  }

  /** An announcement that fails leaves other instances with what was evicted: it is made good like an eviction. */
  announce(invalidation: Invalidation): Promise<void> {
    return this.change('announce', undefined, () => this.bus.publish(invalidation));
  }

  /** Makes missed evictions good, if there are any and Redis can be reached. Tells whether none is left. */
  catchUp(): Promise<boolean> {
    if (this.makingGood !== undefined) return this.makingGood;
    if (!this.evictionMissed) return Promise.resolve(true);
    if (!this.connection.ready) return Promise.resolve(false);
    this.makingGood = this.makeGood().finally(() => {
      this.makingGood = undefined;
    });
    return this.makingGood;
  }

  /** Whether an eviction did not reach Redis and has still to be made good. */
  private get isBehind(): boolean {
    return this.evictionMissed || this.makingGood !== undefined;
  }

  /** An operation that may be left undone. */
  private async ask<T>(operation: string, otherwise: T, act: () => MaybePromise<T>): Promise<T> {
    if (!this.connection.ready) return otherwise;
    if (this.isBehind && !(await this.catchUp())) return otherwise;
    try {
      return await this.turnstile.run(act);
    } catch (error) {
      this.onProblem(operation, error);
      return otherwise;
    }
  }

  /** An operation after which the old value must not be seen again, whether it succeeds or not. */
  private async change<T>(operation: string, otherwise: T, act: () => MaybePromise<T>): Promise<T> {
    if (!this.connection.ready) {
      this.evictionMissed = true;
      return otherwise;
    }
    try {
      return await this.turnstile.run(act);
    } catch (error) {
      this.evictionMissed = true;
      this.onProblem(operation, error);
      return otherwise;
    }
  }

  private async makeGood(): Promise<boolean> {
    // Cleared first: an eviction that fails while this one is under way has to be made good by another.
    this.evictionMissed = false;
    try {
      await this.evictEverything();
      return true;
    } catch (error) {
      this.evictionMissed = true;
      this.onProblem('evict everything', error);
      return false;
    }
  }
}
