import type { CachePattern } from '../definition/template.js';
import type { BoundCache } from './bound-cache.js';

/** What a transaction evicts at its end, each thing once however often it was named. */
export class EvictedInside {
  readonly tags = new Set<string>();
  readonly patterns = new Map<string, CachePattern>();
  readonly keysOf = new Map<BoundCache, Set<string>>();
  private readonly keys = new Set<string>();

  addKeys(cache: BoundCache, keys: readonly string[]): void {
    const ofCache = this.keysOf.get(cache) ?? new Set();
    this.keysOf.set(cache, ofCache);
    for (const key of keys) {
      ofCache.add(key);
      this.keys.add(key);
    }
  }

  /** Whether an entry under that key with these tags, as far as they are known, is among it. */
  covers(key: string, tags: readonly string[]): boolean {
    return this.keys.has(key) || this.coversGroupOf(key, tags);
  }

  /** As if nothing had been evicted. */
  clear(): void {
    this.tags.clear();
    this.patterns.clear();
    this.keysOf.clear();
    this.keys.clear();
  }

  /** Whether an entry with that key and these tags is among what is evicted by something else than its key. */
  coversGroupOf(key: string, tags: readonly string[]): boolean {
    if (this.coversTags(tags)) return true;
    for (const pattern of this.patterns.values()) if (pattern.matches(key)) return true;
    return false;
  }

  coversTags(tags: readonly string[]): boolean {
    return this.tags.size > 0 && tags.some((tag) => this.tags.has(tag));
  }
}
