import type { Found } from '../stores/store.js';
import type { BoundCache } from './bound-cache.js';
import type { ReadRequest } from './read-request.js';

/** What a store has for each of many requests of one call, in their order. */
export async function readAll(
  cache: BoundCache,
  requests: readonly ReadRequest[],
): Promise<readonly Found[]> {
  const [first] = requests;
  if (first === undefined) return [];
  const keys: string[] = [];
  const tagsOfEach: (readonly string[])[] = [];
  for (const { key, allTags } of requests) {
    keys.push(key);
    tagsOfEach.push(allTags);
  }
  return first.patience.spend(cache.store.readMany(keys, tagsOfEach));
}
