import type { CacheKey, CacheTag } from '../definition/template.js';
import { CacheError } from '../errors.js';
import type { NearStore } from '../stores/near-store.js';
import type { CacheStore } from '../stores/store.js';
import { expiresAt, type Entry } from './entry.js';
import type { Policy } from './policy.js';

/** Tag that every entry of the namespace carries. No tag template can make it: `%` is not allowed in one. */
export const EVERYTHING = '%all';

/** Tag that every entry of a cache carries. */
export function tagOfCache(name: string): string {
  return `%cache:${name}`;
}

/** Printable ASCII without the characters that the templates encode or refuse, at most 200 of them. */
const TEMPLATE_MADE = /^[!-)+->@-Z^-z|~]{1,200}$/;

/** How often a cache was read, and with what outcome, since the start. */
export interface CacheCounts {
  hits: number;
  stale: number;
  misses: number;
  bypasses: number;
}

/** A definition that is in use: its policy resolved, and the stores that its entries live in. */
export class BoundCache {
  readonly counts: CacheCounts = { hits: 0, stale: 0, misses: 0, bypasses: 0 };
  private readonly ownTags: readonly string[];

  constructor(
    readonly name: string,
    readonly policy: Policy,
    readonly keyOf: (...args: readonly unknown[]) => CacheKey,
    readonly userTagsOf: ((...args: readonly unknown[]) => readonly CacheTag[]) | undefined,
    /** The process's memory in front of the store. The store itself when there is nothing behind it. */
    readonly near: NearStore | undefined,
    /** Where entries are at home. */
    readonly store: CacheStore,
  ) {
    this.ownTags = [EVERYTHING, tagOfCache(name)];
  }

  /**
   * Refuses a text that the `key` template can't have made. Not asked on an L1 hit: what was never stored is
   * never found.
   *
   * @throws CacheError `CACHE_INVALID_KEY`
   */
  check(key: string): void {
    if (typeof key === 'string' && TEMPLATE_MADE.test(key)) return;
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected \`key\` of cache \`${this.name}\` to return what the key template makes, got ` +
        `${typeof key === 'string' ? 'another text' : typeof key}. Write for example (id) => key\`bot:\${id}\`.`,
    );
  }

  /** Whether there is a memory in front of the store, and not only the store itself. */
  get hasL1(): boolean {
    return this.near !== undefined && this.near !== this.store;
  }

  /** Keeps in L1 what lies in the store, for as long as it lives there and the policy allows. */
  fillL1(key: string, entry: Entry, now: number): void {
    if (!this.hasL1 || this.policy.l1 === false) return;
    this.near?.fill(key, entry, Math.min(expiresAt(entry), now + this.policy.l1.ttl));
  }

  /** All tags that an entry made from these arguments carries. */
  tagsOf(args: readonly unknown[], more: readonly CacheTag[] | undefined): readonly string[] {
    const fromArgs = this.userTagsOf?.(...args);
    if (fromArgs === undefined && more === undefined) return this.ownTags;
    return [...new Set([...this.ownTags, ...(fromArgs ?? []), ...(more ?? [])])];
  }
}
