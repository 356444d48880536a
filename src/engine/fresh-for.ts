import { parseLifetime, type Lifetime } from '../definition/duration.js';
import { DEFAULT_NULL_TTL_MS, type Policy } from './policy.js';

/**
 * How long a value is to be fresh, in milliseconds, jitter included; 0 when it is not to be stored.
 *
 * @param ttl replaces the policy's ttl for this one value
 * @throws CacheError `CACHE_INVALID_OPTION` when a ttl function returns something that is no duration
 */
export function freshFor(
  policy: Policy,
  name: string,
  value: unknown,
  args: readonly unknown[],
  ttl: Lifetime | undefined,
): number {
  const base = ttl === undefined ? policy.ttl : lifetimeOf(ttl, name);
  let ms: number;
  if (base === 0) {
    ms = 0;
  } else if (value === null || value === undefined) {
    ms = policy.nullTtl ?? Math.min(typeof base === 'number' ? base : Infinity, DEFAULT_NULL_TTL_MS);
  } else {
    ms = typeof base === 'number' ? base : lifetimeOf(base(value, ...args), name);
  }
  if (!(ms > 0)) return 0;
  return ms === Infinity ? ms : ms * (1 - policy.jitter * Math.random());
}

/** A negative number is what a token that has already ended asks for: not an error, just not worth storing. */
function lifetimeOf(ttl: Lifetime, name: string): number {
  if (typeof ttl === 'number' && ttl <= 0) return 0;
  return parseLifetime(ttl, `\`ttl\` of cache \`${name}\``);
}
