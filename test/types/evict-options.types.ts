/** What the compiler must accept and refuse of evictions and their options. Compiled, never run. */
import type { Cache } from '../../src/cache-handle.js';
import type { CacheService } from '../../src/cache.service.js';
import { pattern, tag } from '../../src/definition/template.js';
import type { EvictOptions } from '../../src/evict-options.js';

declare const byId: Cache<[id: string], string>;
declare const page: Cache<[orgId: number, size?: number], string>;
declare const many: Cache<string[], string>;
declare const all: Cache<[], string>;
declare const service: CacheService;
declare const how: EvictOptions;
declare const maybe: boolean;

export const accepted: readonly Promise<unknown>[] = [
  byId.evict('1'),
  byId.evict('1', { strict: true }),
  byId.evict('1', { strict: false }),
  byId.evict('1', { strict: maybe }),
  byId.evict('1', how),
  page.evict(1),
  page.evict(1, 10),
  page.evict(1, 10, { strict: true }),
  page.evict(1, undefined, { strict: true }),
  many.evict('1', '2', '3'),
  many.evict('1', '2', '3', { strict: true }),
  all.evict(),
  all.evict({ strict: true }),
  byId.evictMany([['1'], ['2']], { strict: true }),
  byId.evictMany([['1'], ['2']]),
  byId.clear(),
  byId.clear({ strict: true }),
  service.evictTags(tag`bot:1`),
  service.evictTags(tag`bot:1`, tag`bot:2`, { strict: true }),
  service.evictPattern(pattern`bot:*`, { strict: true }),
  service.clear(),
  service.clear({ strict: true }),
];

export const refused: readonly Promise<unknown>[] = [
  // @ts-expect-error: no arguments of the cache
  byId.evict(),
  // @ts-expect-error: options are no argument of the cache
  byId.evict({ strict: true }),
  // @ts-expect-error: another type of argument
  byId.evict(1, { strict: true }),
  // @ts-expect-error: more than the cache has
  byId.evict('1', '2'),
  // @ts-expect-error: options come last
  byId.evict({ strict: true }, '1'),
  // @ts-expect-error: options say something
  byId.evict('1', {}),
  // @ts-expect-error: no text
  byId.evict('1', { strict: 'yes' }),
  // @ts-expect-error: no such option
  byId.evict('1', { strict: true, queue: false }),
  // @ts-expect-error: options in the place of an argument that may be left out
  page.evict(1, { strict: true }),
  // @ts-expect-error: lists of arguments, not arguments
  byId.evictMany(['1', '2'], { strict: true }),
  // @ts-expect-error: no such option
  byId.clear({ all: true }),
  // @ts-expect-error: a text that no template made
  service.evictTags('bot:1', { strict: true }),
  // @ts-expect-error: options come last
  service.evictTags({ strict: true }, tag`bot:1`),
  // @ts-expect-error: a text that no template made
  service.evictPattern('bot:*', { strict: true }),
];
