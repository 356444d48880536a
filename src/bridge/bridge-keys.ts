import { describeType } from '../definition/describe-type.js';
import { CacheError } from '../errors.js';

// `{` and `}` would let a key choose its cluster slot, and lone surrogates all become the same bytes in UTF-8.
// `%` starts an escape. Everything else is data to Redis.
const NEEDS_ESCAPE = /[%{}]|\p{Surrogate}/gu;
const ESCAPE = /%(25|7b|7d|d[89a-f][0-9a-f]{2})/g;
const GLOB_SYNTAX = /[\\*?[\]^-]/g;

/**
 * The Redis keys of the `CACHE_MANAGER` bridge: `<namespace>~cm:<key>`. They lie beside entries (`ns:`), leases
 * (`ns~lease:`), tags (`ns~tag:`) and the bus (`ns~bus`), and can equal none of them, whatever the key is.
 */
export class BridgeKeys {
  readonly #prefix: string;

  constructor(namespace: string) {
    this.#prefix = `${namespace}~cm:`;
  }

  /** The Redis key of a cache-manager key, which may be a number: nothing checks what JavaScript passes. */
  encode(key: unknown): string {
    return this.#prefix + escapeKey(textOfKey(key));
  }

  /** The cache-manager key of a Redis key made by {@link encode}. */
  decode(redisKey: string): string {
    return redisKey
      .slice(this.#prefix.length)
      .replace(ESCAPE, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }

  /** A SCAN pattern that matches those of the bridge's keys, and no others, which match a glob. */
  matching(glob: string): string {
    return this.#prefix.replace(GLOB_SYNTAX, '\\$&') + escapeKey(glob);
  }
}

/**
 * The text of a key, which of a number is the same as of its text. Two objects would have the same one.
 *
 * @throws CacheError `CACHE_INVALID_KEY` for what is no text and no number
 */
export function textOfKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  throw new CacheError(
    'CACHE_INVALID_KEY',
    `Expected a key of CACHE_MANAGER to be a string, got ${describeType(key)}. Write for example \`bot:\${id}\`.`,
  );
}

function escapeKey(key: string): string {
  return key.replace(NEEDS_ESCAPE, (character) => `%${character.charCodeAt(0).toString(16)}`);
}
