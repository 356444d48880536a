/**
 * Who takes part. A contestant is a line here and a file beside this one:
 *
 *   {
 *     name      as the tables call it
 *     packages  npm packages whose versions the report names
 *     is        what it takes part in: any of 'l1', 'l2', 'tags', 'fleet', 'many', 'frozen', 'memory'
 *     open      makes a cache: (world) => { read, readMany?, evictTag?, close }
 *   }
 *
 * The world that `open` gets:
 *
 *   tier      'l1': memory, in front of Redis where it can be; 'l2': Redis alone, so that hits are hits in Redis
 *   url       of the Redis server
 *   prefix    what its keys must begin with: letters and digits
 *   load      the loader: async (id) => value
 *   tagsOf    (id) => string[], where entries are to have tags
 *   most      entries that memory has to hold
 *   commandTimeout   milliseconds, for those whose client can be given one
 *
 * `read(id)` gives the cached value, or loads and stores it; `readMany(ids)` the same of many; `evictTag(tag)`
 * evicts all entries that carry the tag. All resolve when it is done.
 */
import { asyncCacheDedupe } from './async-cache-dedupe.mjs';
import { bentocache, bentocacheUnserialized } from './bentocache.mjs';
import {
  cacheManager,
  cacheManagerCacheable,
  cacheManagerIoredis,
  cacheManagerKeyv,
} from './cache-manager.mjs';
import { cacheable, cacheableUncloned } from './cacheable.mjs';
import { layeredLoader, layeredLoaderPipelined } from './layered-loader.mjs';
import { lruCache, plainRedis } from './reference.mjs';
import { roostClone, roostMethod, roostShare } from './nestjs-roost.mjs';

export const CONTESTANTS = [
  lruCache,
  plainRedis,
  roostShare,
  roostMethod,
  roostClone,
  bentocache,
  bentocacheUnserialized,
  cacheable,
  cacheableUncloned,
  cacheManager,
  cacheManagerCacheable,
  cacheManagerKeyv,
  cacheManagerIoredis,
  asyncCacheDedupe,
  layeredLoader,
  layeredLoaderPipelined,
];

/** Those that take part in something. */
export function contestantsOf(what) {
  return CONTESTANTS.filter((contestant) => contestant.is.includes(what));
}
