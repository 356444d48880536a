import type { CacheDefinition } from './definition/define-cache.js';
import { describeType } from './definition/describe-type.js';
import { isTag } from './definition/tag-text.js';
import { isCachePattern, isTarget, type Evictable } from './definition/target.js';
import type { CachePattern } from './definition/template.js';
import { tagOfCache } from './engine/bound-cache.js';
import type { CacheEngine } from './engine/cache-engine.js';
import { CacheError } from './errors.js';
import type { EvictOptions } from './evict-options.js';

/**
 * Evicts whatever it is given, all at once.
 *
 * @param source who names it, for messages
 * @throws CacheError `CACHE_INVALID_KEY` for what can't be evicted, and then nothing is; with `strict`
 * `CACHE_REDIS_UNAVAILABLE`, after all have been tried
 */
export async function evictEach(
  engine: CacheEngine,
  evictables: unknown,
  source: string,
  how: EvictOptions | undefined,
): Promise<void> {
  const { calls } = engine;
  const { tags, patterns, keysOf } = sort(evictables, source);
  const keys = [...keysOf].map(([definition, ofCache]) => ({ cache: engine.bind(definition), ofCache }));
  const ends = await Promise.allSettled([
    calls.evictTags(tags, how),
    ...patterns.map((pattern) => calls.evictMatching(pattern, how)),
    ...keys.map(({ cache, ofCache }) => calls.evict(cache, ofCache, how)),
  ]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

interface Sorted {
  /** Those of whole caches among them. */
  readonly tags: string[];
  readonly patterns: CachePattern[];
  readonly keysOf: Map<CacheDefinition<readonly unknown[]>, string[]>;
}

function sort(given: unknown, source: string): Sorted {
  if (!Array.isArray(given)) throw invalid(source, describeType(given));
  const sorted: Sorted = { tags: [], patterns: [], keysOf: new Map() };
  for (const item of given as readonly Evictable[]) {
    if (isTag(item)) sorted.tags.push(item);
    else if (isCachePattern(item)) sorted.patterns.push(item);
    else if (!isTarget(item)) {
      throw invalid(source, `${typeof item === 'string' ? 'another text' : describeType(item)} among them`);
    } else if (item.args === undefined) sorted.tags.push(tagOfCache(item.of.name));
    else {
      const keys = sorted.keysOf.get(item.of) ?? [];
      keys.push(item.of.key(...item.args));
      sorted.keysOf.set(item.of, keys);
    }
  }
  return sorted;
}

function invalid(source: string, found: string): CacheError {
  return new CacheError(
    'CACHE_INVALID_KEY',
    `Expected ${source} to name what is to be evicted, as a list of tags, patterns and entries, got ${found}. ` +
      'Write for example [tag`org:${orgId}`, botDetails.at(botId), botList.all()].',
  );
}
