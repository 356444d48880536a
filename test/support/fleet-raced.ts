import type { Cache } from '../../src/cache-handle.js';
import type { CacheSpec } from '../../src/definition/define-cache.js';
import { key, tag, type CacheTag } from '../../src/definition/template.js';
import type { EngineUnderTest } from './engine.js';
import { groupOf, isShortLived, isTaggedByCall, isTaggedByValue } from './fleet-items.js';

export type RacedCache = Cache<readonly [item: string], number>;

const SHORT_MS = 30;

/** The caches of a race: of each item a version, with every kind of tag and lifetime among them. */
export class Raced {
  private readonly plain: RacedCache;
  private readonly byValue: RacedCache;

  constructor(engine: EngineUnderTest) {
    const spec: Partial<CacheSpec<readonly [item: string], number>> = {
      key: (item) => key`raced:${item}`,
      tags: (item) => [tag`item:${item}`, tag`group:${groupOf(item)}`, tag`items`],
      ttl: (_version, item) => (isShortLived(item) ? SHORT_MS : '1m'),
      staleWhileRevalidate: '1m',
    };
    this.plain = engine.cache({ ...spec, name: 'raced' });
    const tagsOf = (_version: number, item: string) => [valueTagOf(item)];
    this.byValue = engine.cache({ ...spec, name: 'raced-by-value', tagsOf });
  }

  /** The cache that the item belongs to. */
  of(item: string): RacedCache {
    return isTaggedByValue(item) ? this.byValue : this.plain;
  }
}

/** The tag that the value tells, of items that have one. */
export function valueTagOf(item: string): CacheTag {
  return tag`value:${groupOf(item)}`;
}

/** Tags that calls add to those of the definition. */
export function callTagsOf(item: string): readonly CacheTag[] {
  return isTaggedByCall(item) ? [tag`call:${groupOf(item)}`] : [];
}
