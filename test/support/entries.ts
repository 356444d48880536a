import type { Entry } from '../../src/engine/entry.js';
import { newEntryId, newToken } from '../../src/engine/token.js';
import type { CacheStore } from '../../src/stores/store.js';

/** An entry with sensible fields, for tests that look at only some of them. */
export function entryOf(fields: Partial<Entry> & { readonly now: number; readonly ttl?: number }): Entry {
  const { now, ttl = 60_000, ...rest } = fields;
  return {
    id: newEntryId(),
    cache: 'test',
    version: '',
    createdAt: now,
    freshUntil: now + ttl,
    staleUntil: now + ttl,
    errorUntil: now + ttl,
    loadCost: 0,
    tags: [],
    tokens: [],
    payload: Buffer.from('value'),
    ...rest,
  };
}

/** Stores an entry whatever is there, as a put does. */
export async function put(store: Omit<CacheStore, 'readMany'>, key: string, entry: Entry): Promise<boolean> {
  const lease = newToken();
  await store.seize(key, lease, 60_000);
  return store.store(key, lease, entry);
}
