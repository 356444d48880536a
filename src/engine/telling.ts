import { CACHE_TAG, EVERYTHING, type BoundCache } from './bound-cache.js';
import type { Invalidation } from './bus.js';
import { userTagsOf, type Entry } from './entry.js';
import type { Channel } from './channel.js';
import type { CacheEviction, CacheStored } from './events.js';

/** Tells those who listen that an entry has been stored. */
export function tellStored(
  channel: Channel<CacheStored>,
  { name }: BoundCache,
  key: string,
  entry: Entry,
  by: CacheStored['by'],
): void {
  if (channel.active)
    channel.emit({ cache: name, key, by, bytes: entry.payload.byteLength, tags: userTagsOf(entry) });
}

/** Tells those who listen what was evicted, one by one. */
export function tellEvictions(
  channel: Channel<CacheEviction>,
  origin: CacheEviction['origin'],
  { keys = [], tags = [], patterns = [] }: Invalidation,
): void {
  if (!channel.active) return;
  for (const key of keys) channel.emit({ kind: 'key', what: key, origin });
  for (const tag of tags) channel.emit({ ...namedByTag(tag), origin });
  for (const pattern of patterns) channel.emit({ kind: 'pattern', what: pattern, origin });
}

/** Whole caches are evicted by tags of their own. */
function namedByTag(tag: string): Pick<CacheEviction, 'kind' | 'what'> {
  if (tag === EVERYTHING) return { kind: 'all', what: '' };
  return tag.startsWith(CACHE_TAG)
    ? { kind: 'cache', what: tag.slice(CACHE_TAG.length) }
    : { kind: 'tag', what: tag };
}
