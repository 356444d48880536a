import type {
  CacheEvents,
  CacheEviction,
  CacheLoad,
  CacheProblem,
  CacheRead,
  CacheStored,
  CacheSwitched,
} from '../engine/events.js';

/** Something that happened in the caches. */
export type CacheEvent =
  | ({ readonly type: 'read' } & CacheRead)
  | ({ readonly type: 'load' } & CacheLoad)
  | ({ readonly type: 'store' } & CacheStored)
  | ({ readonly type: 'evict' } & CacheEviction)
  | ({ readonly type: 'switch' } & CacheSwitched)
  | ({ readonly type: 'problem' } & CacheProblem);

/** Everything that happened, in its order. */
export class CacheRecord {
  private list: CacheEvent[] = [];
  private isPaused = false;

  get events(): readonly CacheEvent[] {
    return this.list;
  }

  follow({ reads, loads, stores, evictions, switches, problems }: CacheEvents): void {
    reads.subscribe((read) => this.add({ type: 'read', ...read }));
    loads.subscribe((load) => this.add({ type: 'load', ...load }));
    stores.subscribe((stored) => this.add({ type: 'store', ...stored }));
    evictions.subscribe((eviction) => this.add({ type: 'evict', ...eviction }));
    switches.subscribe((switched) => this.add({ type: 'switch', ...switched }));
    problems.subscribe((problem) => this.add({ type: 'problem', ...problem }));
  }

  forget(): void {
    this.list = [];
  }

  /** What the test itself looks up is none of it. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    this.isPaused = true;
    try {
      return await work();
    } finally {
      this.isPaused = false;
    }
  }

  private add(event: CacheEvent): void {
    if (!this.isPaused) this.list.push(event);
  }
}
