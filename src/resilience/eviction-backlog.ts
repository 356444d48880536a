import type { Invalidation } from '../engine/bus.js';
import { EVERYTHING } from '../engine/bound-cache.js';
import { parsePattern, type CachePattern } from '../definition/template.js';

/** Most keys, tags and patterns at one time. */
const MOST = 10_000;

/**
 * Evictions, each noted once, and a limited number of them: one more, and it is everything that is to be evicted,
 * which costs as much as one tag.
 */
export class EvictionBacklog {
  private readonly keys = new Set<string>();
  private readonly tags = new Set<string>();
  private readonly patterns = new Map<string, CachePattern>();

  constructor(private readonly most = MOST) {}

  get size(): number {
    return this.keys.size + this.tags.size + this.patterns.size;
  }

  add({ keys = [], tags = [], patterns = [] }: Invalidation): void {
    if (this.tags.has(EVERYTHING)) return;
    for (const key of keys) this.keys.add(key);
    for (const tag of tags) this.tags.add(tag);
    for (const text of patterns) this.patterns.set(text, parsePattern(text));
    if (this.tags.has(EVERYTHING) || this.size > this.most) {
      this.clear();
      this.tags.add(EVERYTHING);
    }
  }

  /** Whether an entry of that key, with these tags, is to be evicted. */
  covers(key: string, tags: readonly string[]): boolean {
    if (this.keys.has(key)) return true;
    if (this.tags.size > 0 && (this.tags.has(EVERYTHING) || tags.some((tag) => this.tags.has(tag))))
      return true;
    for (const pattern of this.patterns.values()) if (pattern.matches(key)) return true;
    return false;
  }

  /** All of it, without removing it. */
  get all(): Invalidation {
    return { keys: [...this.keys], tags: [...this.tags], patterns: [...this.patterns.keys()] };
  }

  clear(): void {
    this.keys.clear();
    this.tags.clear();
    this.patterns.clear();
  }
}
