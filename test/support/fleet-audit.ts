import type { CacheRuntime } from '../../src/cache.runtime.js';
import type { BoundCache } from '../../src/engine/bound-cache.js';
import type { Tier } from '../../src/engine/events.js';
import type { EngineUnderTest } from './engine.js';
import type { Audit } from './fleet-protocol.js';
import type { Raced } from './fleet-raced.js';
import type { VersionSource } from './fleet-source.js';

/** Compares every entry that this process would serve, from its memory or from Redis, with the source. */
export async function auditOf(
  { runtime }: EngineUnderTest,
  raced: Raced,
  items: readonly string[],
  source: VersionSource,
): Promise<Audit> {
  const usable: Record<Tier, number> = { l1: 0, l2: 0 };
  const stale: string[] = [];
  for (const item of items) {
    const version = await source.version(item);
    for (const [tier, got] of await valuesOf(runtime, boundOf(runtime, raced.of(item).name), item)) {
      usable[tier] += 1;
      if (got !== version) stale.push(`${item} in ${tier}: ${String(got)} instead of ${version}`);
    }
  }
  return { usable, stale };
}

function boundOf({ engine }: CacheRuntime, name: string): BoundCache {
  for (const bound of engine.caches) if (bound.name === name) return bound;
  throw new Error(`There is no cache ${name}.`);
}

async function valuesOf(
  { clock, options: { codec } }: CacheRuntime,
  cache: BoundCache,
  item: string,
): Promise<(readonly [Tier, unknown])[]> {
  const key = cache.keyOf(item);
  const inMemory = cache.near?.find(key, clock.now());
  const { entry: inRedis } = await cache.store.read(key, cache.tagsOf([item], undefined));
  return [
    ...(inMemory === undefined ? [] : [['l1', inMemory.value.take(cache.policy)] as const]),
    ...(inRedis === undefined ? [] : [['l2', codec.decode(inRedis.payload)] as const]),
  ];
}
