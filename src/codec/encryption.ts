import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto';
import { invalidEntry } from './invalid-entry.js';

/** AES-256-GCM as NIST SP 800-38D has it: a random nonce of 96 bits, a tag of 128. */
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Said on both sides: Node else accepts a tag of four bytes, which is quickly guessed. */
const OPTIONS = { authTagLength: TAG_BYTES };

/**
 * @param context what the bytes belong to: they decrypt beside the very same one only
 * @returns nonce, encrypted bytes, and the tag that authenticates them with their context
 */
export function encrypt(plain: Uint8Array, key: KeyObject, context: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafeSlow(NONCE_BYTES + plain.length + TAG_BYTES);
  const nonce = randomFillSync(sealed.subarray(0, NONCE_BYTES));
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS).setAAD(context);
  sealed.set(cipher.update(plain), NONCE_BYTES);
  cipher.final();
  sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES);
  return sealed;
}

/** @throws CacheError `CACHE_INVALID_ENTRY` when key, context or bytes are not those of {@link encrypt} */
export function decrypt(sealed: Uint8Array, key: KeyObject, context: Uint8Array): Buffer {
  const end = sealed.length - TAG_BYTES;
  if (end < NONCE_BYTES) throw invalidEntry('it is too short to be encrypted');
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), OPTIONS)
    .setAAD(context)
    .setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, end));
  try {
    decipher.final();
  } catch (cause) {
    throw invalidEntry('it was encrypted with another key, for another place, or changed since', { cause });
  }
  return plain;
}
