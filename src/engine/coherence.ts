import { parsePattern, type CachePattern } from '../definition/template.js';
import type { NearStore } from '../stores/near-store.js';
import { ANY_TAG } from './bound-cache.js';
import type { BusListener, Invalidation } from './bus.js';
import type { CacheEvents } from './events.js';
import type { Generations } from './generations.js';
import type { LoadEnding, LoadWaiters } from './load-waiters.js';
import type { TagTokens } from './tag-tokens.js';
import { tellEvictions } from './telling.js';

export interface CoherenceParts {
  readonly generations: Generations;
  readonly waiters: LoadWaiters;
  /** What this process knows of tags. */
  readonly tags: readonly TagTokens[];
  /** Every memory of this process. */
  readonly memories: readonly NearStore[];
  readonly events: CacheEvents;
  /** Whether memory can be trusted from the start, because there is nobody else. */
  readonly armed: boolean;
}

/** Keeps this process's memory in step with what is evicted, here and elsewhere. */
export class Coherence implements BusListener {
  private canTrust: boolean;

  constructor(private readonly parts: CoherenceParts) {
    this.canTrust = parts.armed;
  }

  /** Whether memory may be used: every eviction of the others reaches this process. */
  get isArmed(): boolean {
    return this.canTrust;
  }

  /** Evicts keys from memory: whoever is reading them fills nothing, and nobody joins them. */
  evict(keys: readonly string[]): void {
    for (const key of keys) this.parts.generations.endKey(key);
    for (const store of this.parts.memories) store.evict(keys);
    // The lease that they wait for is gone, too.
    for (const key of keys) this.parts.waiters.wake(key);
  }

  /** Evicts tags from memory. Their tokens are learnt anew from the store that has them. */
  evictTags(tags: readonly string[]): void {
    for (const tokens of this.parts.tags) tokens.forget(ANY_TAG);
    for (const tag of tags) {
      for (const tokens of this.parts.tags) tokens.forget(tag);
      this.parts.generations.endTag(tag);
    }
  }

  /** Evicts a pattern from memory. Tells how many entries there were. */
  evictMatching(pattern: CachePattern): number {
    this.parts.generations.endAll();
    let evicted = 0;
    for (const store of this.parts.memories) evicted += store.evictMatching(pattern);
    this.parts.waiters.wakeAll();
    return evicted;
  }

  invalidated(what: Invalidation): void {
    const { keys = [], tags = [], patterns = [] } = what;
    if (keys.length > 0) this.evict(keys);
    if (tags.length > 0) this.evictTags(tags);
    for (const text of patterns) this.evictMatching(parsePattern(text));
    tellEvictions(this.parts.events.evictions, 'elsewhere', what);
  }

  loadEnded(key: string, ending: LoadEnding): void {
    this.parts.waiters.wake(key, ending);
  }

  /** Something newer is stored under a key: whoever is reading it fills nothing, and who waits for it looks. */
  replaced(key: string): void {
    this.parts.generations.endKey(key);
    this.parts.waiters.wake(key);
  }

  armed(): void {
    this.canTrust = true;
    // What was read or learnt before may be older than a message that was missed.
    this.forgetEverything();
    for (const store of this.parts.memories) store.resume();
    // The message that somebody waits for may have been among them.
    this.parts.waiters.wakeAll();
  }

  broken(): void {
    this.canTrust = false;
    this.forgetEverything();
    for (const store of this.parts.memories) store.suspend();
  }

  private forgetEverything(): void {
    this.parts.generations.endAll();
    for (const tokens of this.parts.tags) tokens.forgetAll();
  }
}
