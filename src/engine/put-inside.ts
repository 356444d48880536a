import type { CachePattern } from '../definition/template.js';
import type { BoundCache } from './bound-cache.js';
import type { Entry } from './entry.js';
import type { Puts, ReservedPut } from './puts.js';

/** What a transaction puts at its end. */
export class PutInside {
  private readonly byId = new Map<string, ReservedPut>();

  constructor(private readonly puts: Puts) {}

  get all(): readonly ReservedPut[] {
    return [...this.byId.values()];
  }

  get(cache: BoundCache, key: string): ReservedPut | undefined {
    return this.byId.get(idOf(cache, key));
  }

  /**
   * Adds one, and takes the right to store it. Until then, and when that can't be had, all it can do is to evict.
   *
   * @param canStore whether nothing that is evicted at the end concerns it, too: others may have evicted the same by then
   */
  async add(cache: BoundCache, key: string, entry: Entry, canStore: boolean): Promise<void> {
    const added: ReservedPut = { cache, key, entry, right: undefined };
    if (!canStore) return this.set(added);
    const before = this.get(cache, key)?.right;
    this.byId.set(idOf(cache, key), added);
    const reserved = await this.puts.reserve(cache, key, entry, before);
    // Meanwhile it may have been evicted, or put again, or all is over.
    if (this.get(cache, key) === added) this.set(reserved);
    else this.puts.giveUp(reserved);
  }

  /** Adds one that has its right already, or changes the entry of one. */
  set(put: ReservedPut): void {
    const known = this.get(put.cache, put.key);
    this.byId.set(idOf(put.cache, put.key), put);
    if (known !== undefined && known.right?.lease !== put.right?.lease) this.puts.giveUp(known);
  }

  forget({ cache, key }: Pick<ReservedPut, 'cache' | 'key'>): void {
    const put = this.get(cache, key);
    if (put === undefined) return;
    this.byId.delete(idOf(cache, key));
    this.puts.giveUp(put);
  }

  /** Those that an eviction of a tag concerns. */
  tagged(tags: readonly string[]): readonly ReservedPut[] {
    return this.all.filter(({ entry }) => entry.tags.some((tag) => tags.includes(tag)));
  }

  matching(pattern: CachePattern): readonly ReservedPut[] {
    return this.all.filter(({ key }) => pattern.matches(key));
  }

  /** Nothing of it is put. */
  giveUp(): void {
    for (const put of this.all) this.puts.giveUp(put);
    this.byId.clear();
  }

  /** Takes all of them out, to be put. */
  take(): readonly ReservedPut[] {
    const { all } = this;
    this.byId.clear();
    return all;
  }
}

/** Caches may have memories of their own, and equal keys there. */
function idOf({ name }: BoundCache, key: string): string {
  return `${name} ${key}`;
}
