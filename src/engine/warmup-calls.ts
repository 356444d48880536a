import type { ArgsList, BatchLoader } from './batch-loader.js';
import type { BoundCache } from './bound-cache.js';
import { EngineCalls } from './calls.js';
import type { Clock } from './clock.js';
import type { KeepsEntry } from './entry.js';
import type { Loader } from './how-to-load.js';
import type { BatchOverrides, ReadOverrides } from './read-request.js';
import type { ReadThrough } from './read-through.js';
import type { Scopes } from './scopes.js';
import type { Writes } from './writes.js';

/** Which fresh entries a warmup leaves as they are. */
export interface WarmupWish {
  /** `refresh`: those that were loaded after `since`. `fill`: those that have more than `share` of their ttl left. */
  readonly mode: 'refresh' | 'fill';
  /** Milliseconds since the epoch, by the caches' clock. */
  readonly since: number;
  /** Between 0 and 1. */
  readonly share: number;
}

/**
 * The caches as they are seen inside a warmup: what is read is loaded and stored anew, unless its entry is left. What
 * the loader reads in turn is read as ever, and all else is the engine's own answer.
 */
export class WarmupCalls extends EngineCalls {
  constructor(
    reads: ReadThrough,
    writes: Writes,
    private readonly scopes: Scopes,
    private readonly clock: Clock,
    private readonly wish: WarmupWish,
  ) {
    super(reads, writes);
  }

  override async getOrLoad(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
  ): Promise<unknown> {
    if (!cache.enabled || overrides?.bypass === true) return super.getOrLoad(cache, args, loader, overrides);
    const { keeps } = this;
    const load = () => this.beneath(loader);
    const { value, ending, found, patience } = await this.reads.refreshes.one(
      cache,
      args,
      load,
      overrides,
      keeps,
    );
    // What could not be replaced stays: it is as good as it was without a warmup.
    if (ending === 'stored') await this.writes.replaced(cache, cache.keyOf(...args), found, patience);
    return value;
  }

  override async getOrLoadMany(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly unknown[]> {
    if (!cache.enabled || overrides?.bypass === true) {
      return super.getOrLoadMany(cache, argsList, loadMissing, overrides);
    }
    const load: BatchLoader = (missing) => this.beneath(() => loadMissing(missing));
    const how = { keeps: this.keeps, overrides };
    const { outcomes, stored } = await this.reads.refreshes.many(cache, argsList, load, how);
    await Promise.all(
      stored.map(({ request: { key, patience }, found }) =>
        this.writes.replaced(cache, key, found, patience),
      ),
    );
    return outcomes.map((outcome) => outcome.take());
  }

  /** What loaders read is read as ever: only what the warmup itself asks for is loaded anew. */
  private beneath<T>(load: () => T): T {
    return this.scopes.run(this.scopes.engine, load);
  }

  private readonly keeps: KeepsEntry = (entry) => {
    const { mode, since, share } = this.wish;
    const left = entry.freshUntil - this.clock.now();
    if (left <= 0) return false;
    if (mode === 'refresh') return entry.createdAt - entry.loadCost > since;
    return left > share * (entry.freshUntil - entry.createdAt) || entry.freshUntil === Infinity;
  };
}
