import { CACHE_TAG, EVERYTHING, type BoundCache } from './bound-cache.js';
import type { Invalidation } from './bus.js';
import { userTagsOf, type Entry } from './entry.js';
import type { CacheEviction, CacheLoad, CacheStored, Channel } from './events.js';
import type { ReadRequest } from './read-request.js';

/** Runs a loader, and tells those who listen how long it took. */
export function tellLoad(
  channel: Channel<CacheLoad>,
  { cache, key }: Pick<ReadRequest, 'cache' | 'key'>,
  loader: () => unknown,
): unknown {
  return channel.active ? timed(channel, cache, [key], loader) : loader();
}

/** The same of a loader for many entries. One that is asked for twice is told once. */
export function tellLoads<T>(
  channel: Channel<CacheLoad>,
  cache: BoundCache,
  keys: readonly string[],
  loader: () => T | Promise<T>,
): T | Promise<T> {
  return channel.active ? timed(channel, cache, [...new Set(keys)], loader) : loader();
}

async function timed<T>(
  channel: Channel<CacheLoad>,
  { name }: BoundCache,
  keys: readonly string[],
  loader: () => T | Promise<T>,
): Promise<T> {
  const since = performance.now();
  let failed = true;
  try {
    const value = await loader();
    failed = false;
    return value;
  } finally {
    const duration = performance.now() - since;
    for (const key of keys) channel.emit({ cache: name, key, duration, failed });
  }
}

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
