import { CacheError } from '../errors.js';

/** 28 bits: lengths of names and tags, far below it. */
const MAX_BYTES = 4;

/** A place in bytes that moves on with each read. */
export interface Cursor {
  offset: number;
  readonly end: number;
}

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/** Returns the offset after it. */
export function writeVarint(bytes: Buffer, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** @throws CacheError `CACHE_INVALID_ENTRY` when the bytes end within it, or it does not end in four bytes */
export function readVarint(bytes: Buffer, cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 7 * MAX_BYTES && cursor.offset < cursor.end; shift += 7) {
    const byte = bytes[cursor.offset++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new CacheError('CACHE_INVALID_ENTRY', 'Not an entry: a length in its header has no end.');
}
