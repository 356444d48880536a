import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** Random bytes as text. */
function randomText(count: number, encoding: 'base64url' | 'hex'): string {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.toString(encoding, used - count, used);
}

/** 128 random bits as 22 characters: a tag token, or the name of one holder of a lease. */
export function newToken(): string {
  return randomText(16, 'base64url');
}

/** 64 random bits as 16 hex digits: the id of an entry. */
export function newEntryId(): string {
  return randomText(8, 'hex');
}
