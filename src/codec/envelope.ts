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
import type { EntryHead } from '../engine/entry.js';
import { invalidEntry } from './invalid-entry.js';
import { endOfText, LEADING_TEXTS, readNames } from './names.js';
import { readVarint, varintLength, writeVarint, type Cursor } from './varint.js';

const MAGIC = 0xc1;
const FORMAT_VERSION = 1;
const COMPRESSED = 1;
const ENCRYPTED = 2;

/** Where the id begins. In Lua, which counts from 1: `string.sub(v, 4, 11)`. */
export const ENTRY_ID_OFFSET = 3;
const ID_BYTES = 8;
const ENTRY_ID = /^[\da-f]{16}$/;
const TIMES_OFFSET = ENTRY_ID_OFFSET + ID_BYTES;
const HEAD_BYTES = TIMES_OFFSET + 5 * 8;
const CHECKSUM_BYTES = 4;

/** What was done to the payload of an entry to make the body of its envelope. */
export interface Sealing {
  /** Bytes of the payload before it was compressed. Left out: it was not. */
  readonly inflatedBytes?: number | undefined;
  /** Id of the key that it is encrypted with: ASCII. Left out: it is not. */
  readonly keyId?: string | undefined;
}

export const NOTHING_DONE: Sealing = Object.freeze({});

/** An entry as it was read. */
export interface Envelope {
  /** Its payload is the body: what was made of the payload, in the memory of the bytes that were read. */
  readonly entry: EntryHead & { readonly payload: Buffer };
  readonly sealing: Sealing;
  /** The bytes before the body. In the memory of those that were read, too. */
  readonly header: Buffer;
}

/**
 * An entry with that body, to lie in Redis under `name`. The result shares no memory with either.
 *
 * @throws CacheError `CACHE_INVALID_ENTRY` when {@link readEnvelope} would refuse what it would write
 */
export function writeEnvelope(entry: EntryHead, sealing: Sealing, body: Uint8Array, name: string): Buffer {
  const bytes = startWith(entry, sealing, body.length + CHECKSUM_BYTES);
  return finish(bytes, body, name);
}

/** All that stands before the body. Throws as {@link writeEnvelope} does. */
export function writeHeader(entry: EntryHead, sealing: Sealing): Buffer {
  return startWith(entry, sealing, 0);
}

/** What {@link writeEnvelope} makes, of a header and a body. */
export function joinEnvelope(header: Uint8Array, body: Uint8Array, name: string): Buffer {
  const bytes = Buffer.allocUnsafe(header.length + body.length + CHECKSUM_BYTES);
  bytes.set(header);
  return finish(bytes, body, name);
}

/** The header, and room behind it. */
function startWith(entry: EntryHead, { inflatedBytes, keyId }: Sealing, room: number): Buffer {
  checkTimes(entry);
  if (!ENTRY_ID.test(entry.id)) throw invalidEntry('its id is not 16 hex digits');
  if (entry.tags.length !== entry.tokens.length) throw invalidEntry('it does not have one token per tag');

  const texts = [entry.cache, entry.version, ...entry.tags, ...entry.tokens];
  let text = '';
  let size = HEAD_BYTES + varintLength(entry.tags.length) + room;
  for (const each of texts) {
    text += each;
    size += varintLength(each.length);
  }
  const textBytes = Buffer.byteLength(text);
  size += varintLength(textBytes) + textBytes;
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

/** Puts body and checksum at the end. */
function finish(bytes: Buffer, body: Uint8Array, name: string): Buffer {
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.set(body, end - body.length);
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
  const { cache, version, tags, tokens } = readNames(bytes, cursor);
  const sealing = readSealing(bytes, cursor);
  const entry: Envelope['entry'] = {
    id: entryIdOf(bytes),
    cache,
    version,
    createdAt: bytes.readDoubleBE(TIMES_OFFSET),
    freshUntil: bytes.readDoubleBE(TIMES_OFFSET + 8),
    staleUntil: bytes.readDoubleBE(TIMES_OFFSET + 16),
    errorUntil: bytes.readDoubleBE(TIMES_OFFSET + 24),
    loadCost: bytes.readDoubleBE(TIMES_OFFSET + 32),
    tags,
    tokens,
    payload: bytes.subarray(cursor.offset, end),
  };
  checkTimes(entry);
  return { entry, sealing, header: bytes.subarray(0, cursor.offset) };
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

function checkTimes({ createdAt, freshUntil, staleUntil, errorUntil, loadCost }: EntryHead): void {
  // Written so that NaN fails.
  const isOrdered = freshUntil >= createdAt && staleUntil >= freshUntil && errorUntil >= freshUntil;
  if (!isOrdered || !Number.isFinite(createdAt) || !(loadCost >= 0)) {
    throw invalidEntry('its times make no sense');
  }
}

function readSealing(bytes: Buffer, cursor: Cursor): Sealing {
  const flags = bytes[2] ?? 0;
  if (flags === 0) return NOTHING_DONE;
  const inflatedBytes = (flags & COMPRESSED) === 0 ? undefined : readVarint(bytes, cursor);
  const keyId = (flags & ENCRYPTED) === 0 ? undefined : readKeyId(bytes, cursor);
  return { inflatedBytes, keyId };
}

function readKeyId(bytes: Buffer, cursor: Cursor): string {
  const end = endOfText(cursor, readVarint(bytes, cursor));
  const keyId = bytes.toString('latin1', cursor.offset, end);
  cursor.offset = end;
  return keyId;
}
