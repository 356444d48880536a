/** 0 means for ever, as everywhere in cache-manager. */
const FOR_EVER = 0;
const IN_THE_PAST = -1;

/**
 * The ttl of an entry in the form that Keyv and Redis both understand: an end that no clock will reach is for ever,
 * and what is no number (`Number(undefined)`) counts as not given.
 */
export function ttlOf(ttl: unknown): number | undefined {
  if (typeof ttl !== 'number' || Number.isNaN(ttl)) return undefined;
  if (ttl > Number.MAX_SAFE_INTEGER) return FOR_EVER;
  return ttl < 0 ? IN_THE_PAST : ttl;
}
