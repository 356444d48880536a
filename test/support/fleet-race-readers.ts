import { setTimeout as delay } from 'node:timers/promises';
import type { Floors } from './fleet-floors.js';
import { isTaggedByCall } from './fleet-items.js';
import { callTagsOf, type Raced } from './fleet-raced.js';
import type { VersionSource } from './fleet-source.js';

const BATCH = 3;

/** Those who read in a race: by every way there is, as fast as they can. */
export class RaceReaders {
  reads = 0;
  loads = 0;

  constructor(
    private readonly raced: Raced,
    private readonly source: VersionSource,
    private readonly items: readonly string[],
    private readonly floors: Floors,
    /** Longest pause of a loader before, and after, it asks the source. */
    private readonly loaderMs: number,
  ) {}

  /** One read, picked at random. */
  async read(): Promise<void> {
    const { floors } = this;
    const item = this.anyOf(this.items);
    const cache = this.raced.of(item);
    const dice = Math.random();
    if (dice < 0.15) {
      await floors.check([item], 'get', async () => [await cache.get(item)]);
    } else if (dice < 0.2) {
      await floors.check([item], 'refresh', async () => [
        await cache.refresh([item], () => this.load(item), { tags: callTagsOf(item) }),
      ]);
    } else if (dice < 0.25) {
      await cache.touch([item]);
    } else if (dice < 0.35) {
      await this.readBatch(item);
    } else if (dice < 0.45) {
      // Knows nothing of the call's tags, and so must not store.
      await floors.check([item], 'getOrLoad without storing', async () => [
        await cache.getOrLoad([item], () => this.load(item), { storeIf: () => false }),
      ]);
    } else {
      await floors.check([item], 'getOrLoad', async () => [
        await cache.getOrLoad([item], () => this.load(item), { tags: callTagsOf(item) }),
      ]);
    }
    this.reads += 1;
    // Hits in memory never leave the microtask queue: let messages and replies through.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Reads several items of the same cache as this one. */
  private async readBatch(sample: string): Promise<void> {
    const cache = this.raced.of(sample);
    // A batch adds no tags of its own.
    const loadable = this.items.filter((item) => this.raced.of(item) === cache && !isTaggedByCall(item));
    const batch = Array.from({ length: BATCH }, () => this.anyOf(loadable));
    const load = (missing: readonly (readonly [item: string])[]) =>
      Promise.all(missing.map(([item]) => this.load(item)));
    const argsList = batch.map((item) => [item] as const);
    await this.floors.check(batch, 'getOrLoadMany', () => cache.getOrLoadMany(argsList, load));
  }

  private async load(item: string): Promise<number> {
    this.loads += 1;
    await delay(Math.random() * this.loaderMs);
    const version = await this.source.version(item);
    await delay(Math.random() * this.loaderMs);
    return version;
  }

  private anyOf(items: readonly string[]): string {
    return items[Math.floor(Math.random() * items.length)] ?? '';
  }
}
