import type { CachePattern } from '../definition/template.js';
import type { Bus, Invalidation } from '../engine/bus.js';
import type { Progress } from '../engine/deadlines.js';
import type {
  Acquired,
  CacheStore,
  Found,
  HowToEvict,
  LeaseWish,
  Loaded,
  Unfinished,
} from '../stores/store.js';
import type { Gate } from './gate.js';
import type { QueuedStore } from './outage-queue.js';

/** A store behind the gate. */
export interface RemoteStore extends Omit<CacheStore, 'readMany'>, QueuedStore {
  /** How many reads of entries with such tags go together at most, as far as is known of their size. */
  mostReads(tags: readonly string[]): number;
  /** How many leases, or loads that are stored, do. */
  readonly mostLoads: number;
  readMany(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): Promise<readonly Unfinished<Found>[]>;
  acquireMany(wishes: readonly LeaseWish[]): Promise<readonly Unfinished<Acquired>[]>;
  storeMany(loaded: readonly Loaded[]): Promise<readonly Unfinished<boolean>[]>;
  /** The tokens of tags, if they are known without asking, and live long enough. */
  tokensAtHand(tags: readonly string[], lifetimeMs: number): readonly string[] | undefined;
  evictMatching(pattern: CachePattern, how?: HowToEvict, progress?: Progress): Promise<number>;
}

export interface GuardedStoreParts {
  readonly inner: RemoteStore;
  readonly bus: Bus;
  readonly gate: Gate;
  readonly onProblem: (operation: string, error: unknown) => void;
  /** Evictions did not reach Redis, and wait now. */
  readonly onQueued?: (what: Invalidation) => void;
  /** Evictions that had waited have been carried out. */
  readonly onReplayed: (what: Invalidation) => void;
}
