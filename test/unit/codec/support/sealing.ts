import { crc32 } from 'node:zlib';
import { KeyRing, type EncryptionKey } from '../../../../src/codec/key-ring.js';
import { Sealer, type SealingRules } from '../../../../src/codec/sealer.js';

/** Where entries of these tests lie in Redis. */
export const NAME = 'prod:bots:bot:42';

/** Keys that are easy to tell apart. */
export function keyOf(id: string, fill = id.codePointAt(0) ?? 0): EncryptionKey {
  return { id, key: new Uint8Array(32).fill(fill) };
}

export const PLAIN: SealingRules = { compress: false, encrypt: false };
export const COMPRESSED: SealingRules = { compress: { threshold: 1 }, encrypt: false };
export const ENCRYPTED: SealingRules = { compress: false, encrypt: true };
export const BOTH: SealingRules = { compress: { threshold: 1 }, encrypt: true };

/** A sealer for caches that all have the same rules. */
export function sealerOf(
  rules: SealingRules,
  {
    keys = [keyOf('a')],
    maxEntryBytes = 8 * 1024 * 1024,
  }: { keys?: EncryptionKey[]; maxEntryBytes?: number } = {},
): Sealer {
  const keyRing = keys.length === 0 ? undefined : KeyRing.of(keys, 'keys');
  return new Sealer({ keyRing, maxEntryBytes, rulesOf: () => rules });
}

/** The bytes with the checksum that they should have under `name`: what somebody who writes to Redis can do. */
export function withChecksum(bytes: Uint8Array, name = NAME): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(crc32(copy.subarray(0, -4), crc32(name)), copy.length - 4);
  return copy;
}

/** A copy with one byte changed, and a checksum that agrees. */
export function withByte(bytes: Uint8Array, place: number, flip: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[place] = (copy[place] ?? 0) ^ flip;
  return withChecksum(copy);
}
