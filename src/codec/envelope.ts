/**
 * An entry as bytes, as it lies in Redis. Numbers are big-endian.
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0  | 1  | 0xC1, the one byte that begins neither MessagePack nor JSON nor any other text |
 * | 1  | 1  | version of the format: 1 |
 * | 2  | 1  | flags: 0. Reserved for payloads that are compressed or encrypted |
 * | 3  | 8  | id. Scripts compare it in place, see {@link ENTRY_ID_OFFSET} |
 * | 11 | 32 | createdAt, freshUntil, staleUntil, errorUntil as float64 |
 * | 43 |    | number of tags |
 * |    |    | for cache, version, each tag and each token in this order: length in UTF-16 units |
 * |    |    | length of the text in bytes |
 * |    |    | text: all of these one after the other, in UTF-8 |
 * |    |    | payload |
 * | −4 | 4  | CRC-32 of all bytes before it |
 *
 * Counts and lengths without an offset are varints: seven bits a byte, the lowest first, the high bit set on all
 * but the last. One block of text is read with one call, not with one per tag.
 *
 * The checksum tells bytes that were damaged from those that were written: a payload with a changed digit
 * would still decode. It is no protection against someone who writes to Redis.
 */
import { crc32 } from 'node:zlib';
import { CacheError } from '../errors.js';
import type { Entry } from '../engine/entry.js';
import { readVarint, varintLength, writeVarint, type Cursor } from './varint.js';

const MAGIC = 0xc1;
const FORMAT_VERSION = 1;
const FLAGS = 0;

/** Where the id begins. In Lua, which counts from 1: `string.sub(v, 4, 11)`. */
export const ENTRY_ID_OFFSET = 3;
const ID_BYTES = 8;
const TIMES_OFFSET = ENTRY_ID_OFFSET + ID_BYTES;
const HEAD_BYTES = TIMES_OFFSET + 4 * 8;
const CHECKSUM_BYTES = 4;

/** Cache and version come before the tags. */
const LEADING_TEXTS = 2;

/**
 * @returns bytes that share no memory with the entry's payload
 * @throws CacheError `CACHE_INVALID_ENTRY` when {@link decodeEntry} would refuse what it would write
 */
export function encodeEntry(entry: Entry): Buffer {
  checkTimes(entry);
  if (!/^[\da-f]{16}$/.test(entry.id)) throw invalid('its id is not 16 hex digits');
  if (entry.tags.length !== entry.tokens.length) throw invalid('it does not have one token per tag');

  const texts = [entry.cache, entry.version, ...entry.tags, ...entry.tokens];
  const text = texts.join('');
  const textBytes = Buffer.byteLength(text);
  let headerBytes = HEAD_BYTES + varintLength(entry.tags.length) + varintLength(textBytes) + textBytes;
  for (const { length } of texts) headerBytes += varintLength(length);
  const bytes = Buffer.allocUnsafeSlow(headerBytes + entry.payload.length + CHECKSUM_BYTES);

  bytes[0] = MAGIC;
  bytes[1] = FORMAT_VERSION;
  bytes[2] = FLAGS;
  bytes.write(entry.id, ENTRY_ID_OFFSET, 'hex');
  bytes.writeDoubleBE(entry.createdAt, TIMES_OFFSET);
  bytes.writeDoubleBE(entry.freshUntil, TIMES_OFFSET + 8);
  bytes.writeDoubleBE(entry.staleUntil, TIMES_OFFSET + 16);
  bytes.writeDoubleBE(entry.errorUntil, TIMES_OFFSET + 24);
  let offset = writeVarint(bytes, HEAD_BYTES, entry.tags.length);
  for (const { length } of texts) offset = writeVarint(bytes, offset, length);
  offset = writeVarint(bytes, offset, textBytes);
  offset += bytes.write(text, offset);
  bytes.set(entry.payload, offset);
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

/**
 * Reads what {@link encodeEntry} wrote. The payload is not copied: it lies in the memory of `bytes`.
 *
 * @throws CacheError `CACHE_INVALID_ENTRY` for any other bytes
 */
export function decodeEntry(bytes: Buffer): Entry {
  const end = checkFrame(bytes);
  const cursor: Cursor = { offset: HEAD_BYTES, end };
  const tagCount = readVarint(bytes, cursor);
  const textCount = LEADING_TEXTS + 2 * tagCount;
  // Each length takes a byte at least, so a count that cannot be true never becomes a loop.
  if (textCount > end - cursor.offset) throw invalid('it ends within the header');
  const lengths: number[] = [];
  for (let index = 0; index < textCount; index++) lengths.push(readVarint(bytes, cursor));
  const textBytes = readVarint(bytes, cursor);
  const payloadOffset = cursor.offset + textBytes;
  if (payloadOffset > end) throw invalid('it ends within the header');
  const texts = split(bytes.toString('utf8', cursor.offset, payloadOffset), lengths);
  const [cache = '', version = ''] = texts;

  const entry: Entry = {
    id: entryIdOf(bytes),
    cache,
    version,
    createdAt: bytes.readDoubleBE(TIMES_OFFSET),
    freshUntil: bytes.readDoubleBE(TIMES_OFFSET + 8),
    staleUntil: bytes.readDoubleBE(TIMES_OFFSET + 16),
    errorUntil: bytes.readDoubleBE(TIMES_OFFSET + 24),
    tags: texts.slice(LEADING_TEXTS, LEADING_TEXTS + tagCount),
    tokens: texts.slice(LEADING_TEXTS + tagCount),
    payload: bytes.subarray(payloadOffset, end),
  };
  checkTimes(entry);
  return entry;
}

/**
 * What lies at the place of the id, in hex: of an entry 16 digits, of any other bytes what there is, down to `''`.
 * Never throws.
 */
export function entryIdOf(bytes: Buffer): string {
  return bytes.toString('hex', ENTRY_ID_OFFSET, ENTRY_ID_OFFSET + ID_BYTES);
}

/** Returns where the payload ends. */
function checkFrame(bytes: Buffer): number {
  const end = bytes.length - CHECKSUM_BYTES;
  if (bytes[0] !== MAGIC) throw invalid('it does not begin as one');
  if (bytes[1] !== FORMAT_VERSION) throw invalid(`its format is version ${bytes[1] ?? 'unknown'}`);
  if (bytes[2] !== FLAGS) throw invalid(`its flags are ${bytes[2] ?? 'missing'}`);
  if (end < HEAD_BYTES) throw invalid('it ends within the header');
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw invalid('its checksum is wrong');
  return end;
}

function checkTimes({ createdAt, freshUntil, staleUntil, errorUntil }: Entry): void {
  // Written so that NaN fails.
  const isOrdered = freshUntil >= createdAt && staleUntil >= freshUntil && errorUntil >= freshUntil;
  if (!isOrdered || !Number.isFinite(createdAt)) throw invalid('its times make no sense');
}

function split(text: string, lengths: readonly number[]): string[] {
  const texts: string[] = [];
  let start = 0;
  for (const length of lengths) texts.push(text.slice(start, (start += length)));
  if (start !== text.length) throw invalid('its text has another length');
  return texts;
}

function invalid(problem: string): CacheError {
  return new CacheError(
    'CACHE_INVALID_ENTRY',
    `Not an entry that this version can read or write: ${problem}.`,
  );
}
