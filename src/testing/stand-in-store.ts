import { isPromise } from '../codec/maybe-promise.js';
import { ValueCodec } from '../codec/value-codec.js';
import type { Sealer } from '../codec/sealer.js';
import type { CachePattern } from '../definition/template.js';
import type { Clock } from '../engine/clock.js';
import type { Entry } from '../engine/entry.js';
import { TagTokens } from '../engine/tag-tokens.js';
import type { RemoteStore } from '../resilience/guarded-store.js';
import { MemoryStore } from '../stores/memory/memory-store.js';
import type { Acquired, Found, LeaseWish, Loaded } from '../stores/store.js';

/** How the stand-in behaves: as Redis does when all is well, when it refuses everything, when it hangs. */
export type Mood = 'works' | 'fails' | 'hangs';

/** Redis's own memory is not that of a process, and has room for more. */
const LIMITS = { maxEntries: 25_000, maxBytes: 2 ** 30 };

export interface StandInStoreParts {
  readonly clock: Clock;
  /** Entries lie there as they would in Redis: of limited size, compressed, encrypted. */
  readonly sealer: Sealer;
  readonly onProblem: (operation: string, error: unknown) => void;
}

/** A store in memory in place of Redis, that can be told to fail. Answers come as late as those of a real one do. */
export class StandInStore implements RemoteStore {
  readonly tier = 'l2';
  readonly mostLoads = 50;
  private readonly memory: MemoryStore;
  private its: Mood = 'works';
  private hung: (() => void)[] = [];

  constructor(private readonly parts: StandInStoreParts) {
    const { clock } = parts;
    this.memory = new MemoryStore(
      LIMITS,
      TagTokens.forEntries(LIMITS.maxEntries, clock),
      clock,
      new ValueCodec(),
    );
  }

  mostReads(): number {
    return 100;
  }

  get mood(): Mood {
    return this.its;
  }

  /** What hangs from the time before is lost, as with a connection. */
  become(mood: Mood): void {
    this.its = mood;
    for (const release of this.hung.splice(0)) release();
  }

  /** A sign of life. */
  ping(): Promise<void> {
    return this.act(() => undefined);
  }

  identity(): Promise<readonly string[]> {
    return this.act(() => ['stand-in']);
  }

  read(key: string): Promise<Found> {
    return this.act(() => this.opened(key, this.memory.read(key)));
  }

  readMany(keys: readonly string[]): Promise<readonly Found[]> {
    return this.act(() =>
      Promise.all(this.memory.readMany(keys).map((found, i) => this.opened(keys[i] ?? '', found))),
    );
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    return this.act(async () => {
      const acquired = this.memory.acquire(key, lease, leaseMs, seen);
      if (acquired.kind !== 'filled') return acquired;
      return { kind: 'filled', found: await this.opened(key, acquired.found) };
    });
  }

  acquireMany(wishes: readonly LeaseWish[]): Promise<readonly Acquired[]> {
    return Promise.all(
      wishes.map(({ key, lease, leaseMs, seen }) => this.acquire(key, lease, leaseMs, seen)),
    );
  }

  extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.act(() => this.memory.extend(key, lease, leaseMs));
  }

  tokens(tags: readonly string[]): Promise<readonly string[]> {
    return this.act(() => this.memory.tokens(tags));
  }

  tokensAtHand(): undefined {
    return undefined;
  }

  storeMany(loaded: readonly Loaded[]): Promise<readonly boolean[]> {
    return Promise.all(loaded.map(({ key, lease, entry }) => this.store(key, lease, entry)));
  }

  store(key: string, lease: string, entry: Entry): Promise<boolean> {
    return this.act(async () => {
      const sealed = await this.sealed(key, entry);
      if (sealed !== undefined) return this.memory.store(key, lease, sealed);
      // What is there is older than what can't be stored.
      this.memory.evict([key]);
      return false;
    });
  }

  release(key: string, lease: string): Promise<void> {
    return this.act(() => this.memory.release(key, lease));
  }

  seize(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.act(() => this.memory.seize(key, lease, leaseMs));
  }

  claim(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return this.act(() => this.memory.claim(key, lease, leaseMs));
  }

  replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    return this.act(async () => {
      const sealed = await this.sealed(key, entry);
      return sealed !== undefined && this.memory.replace(key, seen, sealed);
    });
  }

  evict(keys: readonly string[]): Promise<void> {
    return this.act(() => this.memory.evict(keys));
  }

  evictTags(tags: readonly string[]): Promise<void> {
    return this.act(() => this.memory.evictTags(tags));
  }

  evictMatching(pattern: CachePattern): Promise<number> {
    return this.act(() => this.memory.evictMatching(pattern));
  }

  discard(key: string, seen: string): Promise<void> {
    return this.act(() => this.memory.discard(key, seen));
  }

  /** The entry with what would lie in Redis for its payload; `undefined` when it can't be stored. */
  private async sealed(key: string, entry: Entry): Promise<Entry | undefined> {
    try {
      const bytes = this.parts.sealer.seal(entry, key);
      return { ...entry, payload: isPromise(bytes) ? await bytes : bytes };
    } catch (error) {
      this.parts.onProblem('store', error);
      return undefined;
    }
  }

  private async opened(key: string, found: Found): Promise<Found> {
    if (found.entry === undefined) return found;
    const entry = this.parts.sealer.open(Buffer.from(found.entry.payload), key);
    return { ...found, entry: isPromise(entry) ? await entry : entry };
  }

  private async act<T>(work: () => T | Promise<T>): Promise<T> {
    const { mood } = this;
    if (mood === 'hangs') await new Promise<void>((release) => this.hung.push(release));
    if (mood !== 'works') throw new Error(`The cache of this test ${mood}, as it was told to.`);
    return work();
  }
}
