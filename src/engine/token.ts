import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

function randomBytes(count: number): Buffer {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + count);
  used += count;
  return bytes;
}

/** 128 random bits as 22 characters: a tag token, or the name of one holder of a lease. */
export function newToken(): string {
  return randomBytes(16).toString('base64url');
}

/** 64 random bits as 16 hex digits: the id of an entry. */
export function newEntryId(): string {
  return randomBytes(8).toString('hex');
}
