import { createSecretKey, type KeyObject } from 'node:crypto';
import { CacheError } from '../errors.js';

/** One key of `encryption.keys`. */
export interface EncryptionKey {
  /**
   * Tells the key from the others of the ring; entries carry it in the open. 1 to 32 letters, digits and `. _ -`,
   * such as `2025-06`.
   */
  readonly id: string;
  /** 32 random bytes, as they are or in base64 or hex: `openssl rand -base64 32`. */
  readonly key: string | Uint8Array;
}

const KEY_BYTES = 32;
const ID = /^[A-Za-z0-9._-]{1,32}$/;
const HEX = /^[\da-f]{64}$/i;
const BASE64 = /^[\w+/-]{43}=?$/;

/** The keys that entries are encrypted with: the first one writes, all of them read. */
export class KeyRing {
  private constructor(
    /** The key that writes. */
    readonly current: { readonly id: string; readonly key: KeyObject },
    private readonly keys: ReadonlyMap<string, KeyObject>,
  ) {}

  /**
   * @param what names the option in messages
   * @throws CacheError `CACHE_INVALID_OPTION`; the message never holds anything of a key
   */
  static of(given: readonly EncryptionKey[], what: string): KeyRing {
    const [first] = Array.isArray(given) ? given : [];
    if (first === undefined) {
      const got = Array.isArray(given) ? 'none' : typeof given;
      throw invalid(what, 'a list of at least one key', got, 'Leave it out to encrypt nothing.');
    }
    const keys = new Map<string, KeyObject>();
    for (const [index, item] of given.entries()) {
      const at = `${what}[${index}]`;
      if (typeof item !== 'object' || item === null) {
        throw invalid(at, 'an object with `id` and `key`', item === null ? 'null' : typeof item, WAY_OUT);
      }
      const id = idOf(item.id, at);
      if (keys.has(id)) throw invalid(`${at}.id`, 'different from the others', 'a second of that id', RENAME);
      keys.set(id, createSecretKey(keyBytes(item.key, `${at}.key`)));
    }
    return new KeyRing({ id: first.id, key: keys.get(first.id)! }, keys);
  }

  /** The key with that id, if it is in the ring. */
  find(id: string): KeyObject | undefined {
    return this.keys.get(id);
  }
}

const WAY_OUT = "Write { id: '2025-06', key: process.env.CACHE_KEY }.";
const RENAME = 'Give each key an id of its own; the first one writes.';

function idOf(id: unknown, at: string): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  // Not shown: somebody may have put the key there.
  const got = typeof id === 'string' ? 'another text' : typeof id;
  throw invalid(`${at}.id`, '1 to 32 letters, digits and `. _ -`', got, WAY_OUT);
}

function keyBytes(key: unknown, what: string): Uint8Array {
  let bytes: Uint8Array | undefined;
  if (key instanceof Uint8Array) bytes = key;
  else if (typeof key === 'string' && HEX.test(key)) bytes = Buffer.from(key, 'hex');
  else if (typeof key === 'string' && BASE64.test(key)) bytes = Buffer.from(key, 'base64');
  if (bytes?.length === KEY_BYTES) return bytes;
  const got = bytes === undefined ? typeof key : `${bytes.length}`;
  throw invalid(
    what,
    `${KEY_BYTES} bytes, as they are or in base64 or hex`,
    typeof key === 'string' ? `a text of ${key.length} characters that is neither` : got,
    'Make one with `openssl rand -base64 32`.',
  );
}

function invalid(what: string, rule: string, got: string, wayOut: string): CacheError {
  return new CacheError('CACHE_INVALID_OPTION', `Expected \`${what}\` to be ${rule}, got ${got}. ${wayOut}`);
}
