import type { Clock } from './clock.js';
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
    if (isPart || !aroundLoads.active) return this.measured(request, loader);
    return aroundLoads.run({ cache: cache.name, keys: [key] }, () => this.measured(request, loader));
  }

  /** Runs the loader of many entries. What each of them has waited is measured there. */
  many<T>(requests: readonly ReadRequest[], loader: () => Promise<T>): Promise<T> {
    const { aroundLoads } = this.events;
    const [first] = requests;
    if (first === undefined || !aroundLoads.active) return loader();
    return aroundLoads.run({ cache: first.cache.name, keys: requests.map(({ key }) => key) }, loader);
  }

  private async measured({ cache, key }: ReadRequest, loader: () => unknown): Promise<unknown> {
    const since = performance.now();
    let failed = true;
    try {
      const value = await loader();
      failed = false;
      return value;
    } finally {
      const duration = performance.now() - since;
      const counts = cache.counts.at(this.clock.now());
      counts.loads += 1;
      counts.loadMs += duration;
      if (failed) counts.failedLoads += 1;
      const { loads } = this.events;
      if (loads.active) loads.emit({ cache: cache.name, key, duration, failed });
    }
  }
}
