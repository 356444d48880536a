import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ANY_TAG } from '../engine/bound-cache.js';
import type { Bus, Invalidation } from '../engine/bus.js';
import { parsePattern, type CachePattern } from '../definition/template.js';
import type { CacheStore, HowToEvict, MaybePromise } from '../stores/store.js';
import type { Progress } from '../engine/deadlines.js';
import { EvictionBacklog } from './eviction-backlog.js';
import { isRefused, type Gate } from './gate.js';
import { RecentEvictions } from './recent-evictions.js';

/** How long to wait after a failure before trying again, milliseconds. */
const PAUSE_MS = 1_000;
/** How many leases are remembered. */
const MOST_LEASES = 1_000;
/** Evictions that are sent at a time when they are made good. */
const REPLAY_CHUNK = 500;

/** What the queue needs of the store. */
export interface QueuedStore extends Pick<CacheStore, 'evict' | 'evictTags' | 'release'> {
  evictMatching(pattern: CachePattern, how?: HowToEvict, progress?: Progress): MaybePromise<number>;
  /** Names the servers that hold the data and can be asked: another one may not know of the latest changes. */
  identity(): Promise<readonly string[]>;
}

export interface OutageQueueParts {
  readonly store: QueuedStore;
  readonly bus: Bus;
  readonly gate: Gate;
  readonly onProblem: (operation: string, error: unknown) => void;
  readonly onReplayed: (what: Invalidation) => void;
}

/**
 * Evictions that have not reached Redis: each once, of limited number, carried out before anything is read again. And
 * those of the last 30 seconds, which are issued again when another server has taken over.
 *
 * Only deletions are ever carried out late.
 */
export class OutageQueue {
  private readonly store: QueuedStore;
  private readonly gate: Gate;
  private backlog = new EvictionBacklog();
  /** What is being carried out. */
  private carried = new EvictionBacklog();
  private timesReplayed = 0;
  private readonly recent = new RecentEvictions();
  /** Leases that could not be given back, by holder. The oldest are forgotten: they end by themselves. */
  private readonly leases = new LRUCache<string, string>({ max: MOST_LEASES });
  private replaying: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Until then nothing is tried, on the clock of `performance.now()`. */
  private pausedUntil = 0;
  private isIdentified = false;
  /** The servers of the connection before. */
  private servers: ReadonlySet<string> | undefined;

  constructor(private readonly parts: OutageQueueParts) {
    this.store = parts.store;
    this.gate = parts.gate;
  }

  get size(): number {
    return this.backlog.size + this.carried.size;
  }

  /** Grows with each replay: what was read before it may have been evicted by it. */
  get replays(): number {
    return this.timesReplayed;
  }

  /** Whether there is something to carry out, or to find out, before Redis is read. */
  get isBehind(): boolean {
    return (
      !this.isIdentified || this.replaying !== undefined || this.backlog.size > 0 || this.leases.size > 0
    );
  }

  /**
   * Whether nothing is to be read. Where evictions have been tried in vain, what they name is not to be read, and
   * everything else may be.
   */
  get isBlocking(): boolean {
    return !this.isIdentified || this.replaying !== undefined;
  }

  /** Whether an entry is to be evicted. */
  covers(key: string, tags: readonly string[]): boolean {
    return this.size > 0 && [this.backlog, this.carried].some((each) => each.covers(key, tags));
  }

  /** What is evicted now may have to be evicted again. */
  remember(what: Invalidation): void {
    this.recent.add(what);
  }

  add(what: Invalidation): void {
    this.backlog.add(what);
    this.tryLater();
  }

  addRelease(key: string, lease: string): void {
    this.leases.set(lease, key);
    this.tryLater();
  }

  /** Carries out what there is at once, whenever it was tried last. */
  flush(): Promise<void> {
    this.pausedUntil = 0;
    return this.replay();
  }

  /** There is a new connection, perhaps to another server. */
  connected(): void {
    this.isIdentified = false;
    this.pausedUntil = 0;
  }

  /** Tries no more by itself. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Carries out what there is, if Redis can be asked. Never rejects; what failed is still there. */
  replay(): Promise<void> {
    const isPaused = performance.now() < this.pausedUntil;
    if (this.replaying !== undefined || isPaused || !this.isBehind || !this.gate.isOpen) {
      return this.replaying ?? Promise.resolve();
    }
    this.replaying = this.makeGood()
      .catch((error: unknown) => {
        this.parts.onProblem('make evictions good', error);
        this.pausedUntil = performance.now() + PAUSE_MS;
        this.tryLater();
      })
      .finally(() => {
        this.replaying = undefined;
      });
    return this.replaying;
  }

  /** Tries again after a pause, until nothing is left: an application that makes no calls evicts all the same. */
  private tryLater(): void {
    if (this.isClosed || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.replay().then(() => {
        if (this.isBehind) this.tryLater();
      });
    }, PAUSE_MS).unref();
  }

  private async makeGood(): Promise<void> {
    await this.identify();
    await this.releaseLeases();
    while (this.backlog.size > 0) {
      const { backlog } = this;
      // What is added meanwhile waits in a new one: it may be about what has just been carried out.
      this.backlog = new EvictionBacklog();
      this.carried = backlog;
      try {
        await this.gate.run((progress) => this.carryOut(backlog, progress), 'replay');
        this.timesReplayed += 1;
        this.parts.onReplayed(backlog.all);
      } catch (error) {
        backlog.add(this.backlog.all);
        this.backlog = backlog;
        throw error;
      } finally {
        this.carried = new EvictionBacklog();
      }
    }
  }

  /** A server that was not there before may not have heard of the latest evictions. */
  private async identify(): Promise<void> {
    if (this.isIdentified) return;
    const servers = await this.gate.run(() => this.store.identity(), 'identify').catch(unlessRefused);
    const { servers: before } = this;
    const isNew = before !== undefined && servers.some((server) => !before.has(server));
    if (isNew) for (const what of this.recent.all) this.backlog.add(what);
    this.servers = new Set(servers);
    this.isIdentified = true;
  }

  /** Nobody is to wait for loads that have ended. One that can't be given back ends by itself, and holds up nothing. */
  private async releaseLeases(): Promise<void> {
    const release = async ([lease, key]: readonly [string, string]) => {
      try {
        await this.gate.run(() => this.store.release(key, lease), 'release');
      } catch (error) {
        if (!isRefused(error)) return;
      }
      this.leases.delete(lease);
    };
    await Promise.all([...this.leases.entries()].map(release));
  }

  private async carryOut(backlog: EvictionBacklog, progress: Progress): Promise<void> {
    const { keys = [], tags = [], patterns = [] } = backlog.all;
    if (tags.length > 0) await this.store.evictTags([ANY_TAG, ...tags]);
    progress();
    for (let from = 0; from < keys.length; from += REPLAY_CHUNK) {
      await this.store.evict(keys.slice(from, from + REPLAY_CHUNK));
      progress();
    }
    for (const text of patterns) await this.store.evictMatching(parsePattern(text), undefined, progress);
    await this.parts.bus.publish(backlog.all);
  }
}

/** Whoever must not ask takes every connection for one to another server. */
function unlessRefused(error: unknown): readonly string[] {
  if (!isRefused(error)) throw error;
  return [randomUUID()];
}
