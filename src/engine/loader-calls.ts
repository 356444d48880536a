import type { BoundCache } from './bound-cache.js';
import { latelyOn, type Clock } from './clock.js';
import type { CacheEvents } from './events.js';
import type { ReadRequest } from './read-request.js';

/** Runs loaders, measures them, and tells those who listen. */
export class LoaderCalls {
  constructor(
    private readonly events: CacheEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs the loader of one entry.
   *
   * @param isPart whether it waits for one call for many, see {@link many}
   */
  one(request: ReadRequest, loader: () => unknown, isPart: boolean): Promise<unknown> {
    const { cache, key } = request;
    const { aroundLoads } = this.events;
    if (isPart || !aroundLoads.active) return this.measured(cache, [key], loader);
    return aroundLoads.run({ cache: cache.name, keys: [key] }, () => this.measured(cache, [key], loader));
  }

  /** Runs the loader of many entries. What each of them has waited is measured there. */
  many<T>(requests: readonly ReadRequest[], loader: () => Promise<T>): Promise<T> {
    const { aroundLoads } = this.events;
    const [first] = requests;
    if (first === undefined || !aroundLoads.active) return loader();
    return aroundLoads.run({ cache: first.cache.name, keys: requests.map(({ key }) => key) }, loader);
  }

  /** Runs a loader of one entry or many past their cache. An entry that is asked for twice counts once. */
  past<T>(cache: BoundCache, keys: readonly string[], loader: () => T | Promise<T>): Promise<T> {
    return this.measured(cache, [...new Set(keys)], loader);
  }

  private async measured<T>(
    { name, counts }: BoundCache,
    keys: readonly string[],
    loader: () => T | Promise<T>,
  ): Promise<T> {
    const since = performance.now();
    let failed = true;
    try {
      const value = await loader();
      failed = false;
      return value;
    } finally {
      const duration = performance.now() - since;
      const now = counts.at(latelyOn(this.clock));
      const { loads } = this.events;
      for (const key of keys) {
        now.loads += 1;
        now.loadMs += duration;
        if (failed) now.failedLoads += 1;
        if (loads.active) loads.emit({ cache: name, key, duration, failed });
      }
    }
  }
}
