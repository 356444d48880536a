import type { Entry } from '../../src/engine/entry.js';
import { newEntryId } from '../../src/engine/token.js';

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
