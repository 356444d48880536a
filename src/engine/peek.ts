import type { Codec } from '../codec/codec.js';
import type { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import { valueIn } from './entry-value.js';

/** What who only looks sees under a key. */
export type Peeked =
  | { readonly kind: 'stored'; readonly value: unknown }
  | { readonly kind: 'nothing' }
  /** The store could not be asked. */
  | { readonly kind: 'unavailable' };

const NOTHING: Peeked = Object.freeze({ kind: 'nothing' });

/**
 * What a read would find, for who only looks: nothing is counted or told, kept in L1, or removed because it is of no
 * use.
 *
 * @throws CacheError `CACHE_INVALID_KEY`
 */
export async function peek(
  cache: BoundCache,
  args: readonly unknown[],
  { codec, clock }: { readonly codec: Codec; readonly clock: Clock },
): Promise<Peeked> {
  const key = cache.keyOf(...args);
  cache.check(key);
  if (!cache.enabled) return NOTHING;
  const now = clock.now();
  const inMemory = cache.near?.find(key, now);
  if (inMemory !== undefined && now < inMemory.freshUntil && cache.made(inMemory)) {
    return stored(() => inMemory.value.take(cache.policy));
  }
  const { entry, unavailable } = await cache.store.read(key, cache.tagsOf(args, undefined));
  if (unavailable) return { kind: 'unavailable' };
  return entry !== undefined && cache.made(entry) && clock.now() < entry.staleUntil
    ? stored(() => valueIn(entry, codec, cache.policy))
    : NOTHING;
}

/** `NOTHING`, where nobody could make a value of it. */
function stored(value: () => unknown): Peeked {
  try {
    return { kind: 'stored', value: value() };
  } catch {
    return NOTHING;
  }
}
