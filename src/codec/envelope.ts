/**
 * An entry as bytes, as it lies in Redis. Numbers are big-endian.
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0  | 1  | 0xC1, the one byte that begins neither MessagePack nor JSON nor any other text |
 * | 1  | 1  | version of the format: 1 |
 * | 2  | 1  | flags: 1 = the body is compressed, 2 = it is encrypted |
 * | 3  | 8  | id. Scripts compare it in place, see {@link ENTRY_ID_OFFSET} |
 * | 11 | 40 | createdAt, freshUntil, staleUntil, errorUntil, loadCost as float64 |
 * | 51 |    | number of tags |
 * |    |    | for cache, version, each tag and each token in this order: length in UTF-16 units |
 * |    |    | length of the text in bytes |
 * |    |    | text: all of these one after the other, in UTF-8 |
 * |    |    | if compressed: length of the payload |
 * |    |    | if encrypted: length of the key's id, and the id in ASCII |
 * |    |    | body: the payload, compressed, then encrypted |
 * | −4 | 4  | CRC-32 of the name in Redis and all bytes before it |
 *
 * Counts and lengths without an offset are varints: seven bits a byte, the lowest first, the high bit set on all
 * but the last. One block of text is read with one call, not with one per tag.
 *
 * The checksum tells bytes that were damaged, or that lie under another name than they were written for, from
 * those that are right: a payload with a changed digit would still decode. It is no protection against someone who
 * writes to Redis; that is what encryption is for.
 */
import { crc32 } from 'node:zlib';
import { CacheError } from '../errors.js';
import type { Entry } from '../engine/entry.js';
import { readVarint, varintLength, writeVarint, type Cursor } from './varint.js';

const MAGIC = 0xc1;
const FORMAT_VERSION = 1;
const COMPRESSED = 1;
const ENCRYPTED = 2;

/** Where the id begins. In Lua, which counts from 1: `string.sub(v, 4, 11)`. */
export const ENTRY_ID_OFFSET = 3;
const ID_BYTES = 8;
const TIMES_OFFSET = ENTRY_ID_OFFSET + ID_BYTES;
const HEAD_BYTES = TIMES_OFFSET + 5 * 8;
const CHECKSUM_BYTES = 4;

/** Cache and version come before the tags. */
const LEADING_TEXTS = 2;

/** What was done to the payload of an entry to make the body of its envelope. */
export interface Sealing {
  /** Bytes of the payload before it was compressed. Left out: it was not. */
  readonly inflatedBytes?: number | undefined;
  /** Id of the key that it is encrypted with: ASCII. Left out: it is not. */
  readonly keyId?: string | undefined;
}

/** An entry as it was read. */
export interface Envelope {
  /** Everything but the payload. */
  readonly fields: Omit<Entry, 'payload'>;
  readonly sealing: Sealing;
  /** The bytes before the body. */
  readonly header: Buffer;
  /** What was made of the payload. In the memory of the bytes that were read, as the header is. */
  readonly body: Buffer;
}

/**
 * All that stands before the body.
 *
 * @throws CacheError `CACHE_INVALID_ENTRY` when {@link readEnvelope} would refuse what it would write
 */
export function writeHeader(entry: Omit<Entry, 'payload'>, { inflatedBytes, keyId }: Sealing): Buffer {
  checkTimes(entry);
  if (!/^[\da-f]{16}$/.test(entry.id)) throw invalidEntry('its id is not 16 hex digits');
  if (entry.tags.length !== entry.tokens.length) throw invalidEntry('it does not have one token per tag');

  const texts = [entry.cache, entry.version, ...entry.tags, ...entry.tokens];
  const text = texts.join('');
  const textBytes = Buffer.byteLength(text);
  let size = HEAD_BYTES + varintLength(entry.tags.length) + varintLength(textBytes) + textBytes;
  for (const { length } of texts) size += varintLength(length);
  if (inflatedBytes !== undefined) size += varintLength(inflatedBytes);
  if (keyId !== undefined) size += varintLength(keyId.length) + keyId.length;
  const bytes = Buffer.allocUnsafe(size);

  bytes[0] = MAGIC;
  bytes[1] = FORMAT_VERSION;
  bytes[2] = (inflatedBytes === undefined ? 0 : COMPRESSED) | (keyId === undefined ? 0 : ENCRYPTED);
  bytes.write(entry.id, ENTRY_ID_OFFSET, 'hex');
  bytes.writeDoubleBE(entry.createdAt, TIMES_OFFSET);
  bytes.writeDoubleBE(entry.freshUntil, TIMES_OFFSET + 8);
  bytes.writeDoubleBE(entry.staleUntil, TIMES_OFFSET + 16);
  bytes.writeDoubleBE(entry.errorUntil, TIMES_OFFSET + 24);
  bytes.writeDoubleBE(entry.loadCost, TIMES_OFFSET + 32);
  let offset = writeVarint(bytes, HEAD_BYTES, entry.tags.length);
  for (const { length } of texts) offset = writeVarint(bytes, offset, length);
  offset = writeVarint(bytes, offset, textBytes);
  offset += bytes.write(text, offset);
  if (inflatedBytes !== undefined) offset = writeVarint(bytes, offset, inflatedBytes);
  if (keyId !== undefined) bytes.write(keyId, writeVarint(bytes, offset, keyId.length), 'latin1');
  return bytes;
}

/** Puts header and body together, to lie in Redis under `name`. The result shares no memory with either. */
export function writeEnvelope(header: Uint8Array, body: Uint8Array, name: string): Buffer {
  const end = header.length + body.length;
  const bytes = Buffer.allocUnsafeSlow(end + CHECKSUM_BYTES);
  bytes.set(header);
  bytes.set(body, header.length);
  bytes.writeUInt32BE(checksum(bytes.subarray(0, end), name), end);
  return bytes;
}

/**
 * Reads what {@link writeEnvelope} wrote for `name`.
 *
 * @throws CacheError `CACHE_INVALID_ENTRY` for any other bytes
 */
export function readEnvelope(bytes: Buffer, name: string): Envelope {
  const end = checkFrame(bytes, name);
  const cursor: Cursor = { offset: HEAD_BYTES, end };
  const tagCount = readVarint(bytes, cursor);
  const textCount = LEADING_TEXTS + 2 * tagCount;
  // Each length takes a byte at least, so a count that cannot be true never becomes a loop.
  if (textCount > end - cursor.offset) throw invalidEntry('it ends within the header');
  const lengths: number[] = [];
  for (let index = 0; index < textCount; index++) lengths.push(readVarint(bytes, cursor));
  const texts = split(readText(bytes, cursor, readVarint(bytes, cursor), 'utf8'), lengths);
  const sealing = readSealing(bytes, cursor);
  const [cache = '', version = ''] = texts;

  const fields: Envelope['fields'] = {
    id: entryIdOf(bytes),
    cache,
    version,
    createdAt: bytes.readDoubleBE(TIMES_OFFSET),
    freshUntil: bytes.readDoubleBE(TIMES_OFFSET + 8),
    staleUntil: bytes.readDoubleBE(TIMES_OFFSET + 16),
    errorUntil: bytes.readDoubleBE(TIMES_OFFSET + 24),
    loadCost: bytes.readDoubleBE(TIMES_OFFSET + 32),
    tags: texts.slice(LEADING_TEXTS, LEADING_TEXTS + tagCount),
    tokens: texts.slice(LEADING_TEXTS + tagCount),
  };
  checkTimes(fields);
  const { offset } = cursor;
  return { fields, sealing, header: bytes.subarray(0, offset), body: bytes.subarray(offset, end) };
}

/**
 * What lies at the place of the id, in hex: of an entry 16 digits, of any other bytes what there is, down to `''`.
 * Never throws.
 */
export function entryIdOf(bytes: Buffer): string {
  return bytes.toString('hex', ENTRY_ID_OFFSET, ENTRY_ID_OFFSET + ID_BYTES);
}

/**
 * The name of the cache that stored an entry, from the beginning of its bytes: what follows the name need not be there.
 * `undefined` for other bytes, and where the name comes later. Trusts them, so it is for statistics only.
 */
export function cacheNameOf(start: Buffer): string | undefined {
  if (start[0] !== MAGIC || start[1] !== FORMAT_VERSION) return undefined;
  const cursor: Cursor = { offset: HEAD_BYTES, end: start.length };
  try {
    const textCount = LEADING_TEXTS + 2 * readVarint(start, cursor);
    if (textCount > cursor.end - cursor.offset) return undefined;
    const length = readVarint(start, cursor);
    // The other lengths, and that of the text in bytes.
    for (let index = 0; index < textCount; index++) readVarint(start, cursor);
    const name = start.toString('utf8', cursor.offset).slice(0, length);
    return name.length === length && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** @param problem what is wrong with it: one of a few texts, none of them with anything of its content */
export function invalidEntry(problem: string, options?: { readonly cause?: unknown }): CacheError {
  const message = `Not an entry that this version can read or write: ${problem}.`;
  return new CacheError('CACHE_INVALID_ENTRY', message, options);
}

function checksum(bytes: Uint8Array, name: string): number {
  return crc32(bytes, crc32(name));
}

/** Returns where the body ends. */
function checkFrame(bytes: Buffer, name: string): number {
  const end = bytes.length - CHECKSUM_BYTES;
  if (bytes[0] !== MAGIC) throw invalidEntry('it does not begin as one');
  if (bytes[1] !== FORMAT_VERSION) throw invalidEntry(`its format is version ${bytes[1] ?? 'unknown'}`);
  const flags = bytes[2] ?? 0;
  if (flags > (COMPRESSED | ENCRYPTED)) throw invalidEntry(`its flags are ${flags}`);
  if (end < HEAD_BYTES) throw invalidEntry('it ends within the header');
  if (checksum(bytes.subarray(0, end), name) !== bytes.readUInt32BE(end)) {
    throw invalidEntry('its checksum is wrong');
  }
  return end;
}

function checkTimes({
  createdAt,
  freshUntil,
  staleUntil,
  errorUntil,
  loadCost,
}: Omit<Entry, 'payload'>): void {
  // Written so that NaN fails.
  const isOrdered = freshUntil >= createdAt && staleUntil >= freshUntil && errorUntil >= freshUntil;
  if (!isOrdered || !Number.isFinite(createdAt) || !(loadCost >= 0)) {
    throw invalidEntry('its times make no sense');
  }
}

function readSealing(bytes: Buffer, cursor: Cursor): Sealing {
  const flags = bytes[2] ?? 0;
  return {
    ...((flags & COMPRESSED) !== 0 && { inflatedBytes: readVarint(bytes, cursor) }),
    ...((flags & ENCRYPTED) !== 0 && { keyId: readText(bytes, cursor, readVarint(bytes, cursor), 'latin1') }),
  };
}

function readText(bytes: Buffer, cursor: Cursor, length: number, encoding: 'utf8' | 'latin1'): string {
  const start = cursor.offset;
  cursor.offset += length;
  if (cursor.offset > cursor.end) throw invalidEntry('it ends within the header');
  return bytes.toString(encoding, start, cursor.offset);
}

function split(text: string, lengths: readonly number[]): string[] {
  const texts: string[] = [];
  let start = 0;
  for (const length of lengths) texts.push(text.slice(start, (start += length)));
  if (start !== text.length) throw invalidEntry('its text has another length');
  return texts;
}
