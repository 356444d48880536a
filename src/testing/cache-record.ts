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
  /** The last time that each entry was stored. */
  private readonly stored = new Map<
    string,
    { readonly tags: readonly string[]; readonly evictions: number }
  >();
  private forgottenEvictions = 0;

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

  get evictions(): readonly CacheEviction[] {
    return this.list.filter((event) => event.type === 'evict');
  }

  /** What was stored before stays known: what is evicted later concerns it. */
  forget(): void {
    this.forgottenEvictions += this.evictions.length;
    this.list = [];
  }

  /** The tags that an entry was stored with last, and what was evicted since; `undefined` if it never was stored. */
  lastStored(
    cache: string,
    key: string,
  ): { readonly tags: readonly string[]; readonly evictedSince: readonly CacheEviction[] } | undefined {
    const last = this.stored.get(nameOf(cache, key));
    if (last === undefined) return undefined;
    const from = Math.max(0, last.evictions - this.forgottenEvictions);
    return { tags: last.tags, evictedSince: this.evictions.slice(from) };
  }

  private add(event: CacheEvent): void {
    this.list.push(event);
    if (event.type !== 'store') return;
    const evictions = this.forgottenEvictions + this.evictions.length;
    this.stored.set(nameOf(event.cache, event.key), { tags: event.tags, evictions });
  }
}

/** No name of a cache holds a space. */
function nameOf(cache: string, key: string): string {
  return `${cache} ${key}`;
}
