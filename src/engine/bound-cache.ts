import { faultOfTags } from '../definition/tag-text.js';
import type { CacheKey, CacheTag } from '../definition/template.js';
import { CacheError } from '../errors.js';
import type { NearStore } from '../stores/near-store.js';
import type { CacheStore } from '../stores/store.js';
import { CacheCounts } from './cache-counts.js';
import { expiresAt, type Entry, type EntryHead } from './entry.js';
import type { Policy } from './policy.js';
import type { CacheSwitch } from './switches.js';

/** Tag that every entry of the namespace carries. No tag template can make it: `%` is not allowed in one. */
export const EVERYTHING = '%all';

/** Tag that no entry carries: its token changes with every eviction of any tag. */
export const ANY_TAG = '%any';

/** What stands before the name of a cache in its own tag. */
export const CACHE_TAG = '%cache:';

/** Tag that every entry of a cache carries. */
export function tagOfCache(name: string): string {
  return CACHE_TAG + name;
}

/** Printable ASCII without the characters that the templates encode or refuse, at most 200 of them. */
const TEMPLATE_MADE = /^[!-)+->@-Z^-z|~]{1,200}$/;

/** What a cache in use is made of. */
export interface CacheParts {
  readonly name: string;
  readonly policy: Policy;
  /** What was said at run time of the caches of that name. */
  readonly onOff: CacheSwitch;
  readonly keyOf: (...args: readonly unknown[]) => CacheKey;
  readonly userTagsOf: ((...args: readonly unknown[]) => readonly CacheTag[]) | undefined;
  /** The process's memory in front of the store. The store itself when there is nothing behind it. */
  readonly near: NearStore | undefined;
  /** Where entries are at home. */
  readonly store: CacheStore;
}

/** A definition that is in use: its policy resolved, and the stores that its entries live in. */
export class BoundCache {
  readonly counts: CacheCounts;
  readonly name: string;
  readonly policy: Policy;
  readonly keyOf: CacheParts['keyOf'];
  readonly userTagsOf: CacheParts['userTagsOf'];
  readonly near: NearStore | undefined;
  readonly store: CacheStore;
  /** Who joins whose loads: callers of one cache who wait as long. */
  readonly flightGroup: string;
  private readonly onOff: CacheSwitch;
  private readonly ownTags: readonly string[];

  /** @param original the cache that this one is a variant of: one with another policy for the same entries */
  constructor(
    private readonly parts: CacheParts,
    original?: BoundCache,
  ) {
    this.counts = original?.counts ?? new CacheCounts();
    this.name = parts.name;
    this.policy = parts.policy;
    this.onOff = parts.onOff;
    this.keyOf = parts.keyOf;
    this.near = parts.near;
    this.store = parts.store;
    this.userTagsOf = parts.userTagsOf;
    const { softTimeout, hardTimeout } = parts.policy;
    this.flightGroup = `${parts.name} ${softTimeout ?? ''} ${hardTimeout ?? ''}`;
    this.ownTags = [EVERYTHING, tagOfCache(parts.name)];
  }

  /** The same cache for callers whose entries live differently: everything is common but the policy. */
  variant(policy: Policy): BoundCache {
    return new BoundCache({ ...this.parts, policy }, this);
  }

  /** Whether calls use it: as was said last at run time, else as its policy says. Evictions happen all the same. */
  get enabled(): boolean {
    return this.onOff.position ?? this.policy.enabled;
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

  /**
   * The tags that only the value tells, less those that are in `tags` already.
   *
   * @throws CacheError `CACHE_INVALID_KEY`; what the definition's function throws
   */
  tagsOfValue(value: unknown, args: readonly unknown[], tags: readonly string[]): readonly string[] {
    const found = this.policy.tagsOf?.(value, ...args) ?? [];
    this.checkTags('tagsOf', found);
    return [...new Set(found)].filter((tag) => !tags.includes(tag));
  }

  /** Whether only the value tells all tags of an entry. */
  get hasMoreTags(): boolean {
    return this.policy.tagsOf !== undefined;
  }

  /** Whether an entry was stored by this cache, under its present version. */
  made(entry: EntryHead): boolean {
    return entry.cache === this.name && entry.version === this.policy.version;
  }

  /** Whether there is a memory in front of the store, and not only the store itself. */
  get hasL1(): boolean {
    return this.near !== undefined && this.near !== this.store;
  }

  /** Keeps in L1 what lies in the store, for as long as it lives there and the policy allows. */
  fillL1(key: string, entry: Entry, now: number): void {
    const { near, policy } = this;
    if (near === undefined || !this.hasL1 || policy.l1 === false) return;
    near.fill(key, entry, Math.min(expiresAt(entry), now + policy.l1.ttl));
  }

  /**
   * All tags that an entry made from these arguments carries.
   *
   * @throws CacheError `CACHE_INVALID_KEY`
   */
  tagsOf(args: readonly unknown[], more: readonly CacheTag[] | undefined): readonly string[] {
    const fromArgs = this.userTagsOf?.(...args);
    if (fromArgs === undefined && more === undefined) return this.ownTags;
    if (fromArgs !== undefined) this.checkTags('tags', fromArgs);
    if (more !== undefined) this.checkTags('tags', more);
    const tags = [...this.ownTags];
    // They are few: a look through them costs less than a set.
    for (const list of [fromArgs, more])
      for (const tag of list ?? []) if (!tags.includes(tag)) tags.push(tag);
    return tags;
  }

  private checkTags(option: 'tags' | 'tagsOf', tags: readonly unknown[]): void {
    const fault = faultOfTags(tags);
    if (fault === undefined) return;
    throw new CacheError(
      'CACHE_INVALID_KEY',
      `Expected \`${option}\` of cache \`${this.name}\` to be an array of tags that the template makes, got ${fault}. ` +
        'Write for example [tag`bot:${id}`].',
    );
  }
}
