import type { EntryHead } from '../engine/entry.js';
import { invalidEntry } from './invalid-entry.js';
import { readTexts } from './texts.js';
import { readVarint, type Cursor } from './varint.js';

/** What an entry has in common with all of its cache that were made with the same tags. */
export type Names = Pick<EntryHead, 'cache' | 'version' | 'tags' | 'tokens'>;

/** Cache and version come before the tags. */
export const LEADING_TEXTS = 2;

/** More bytes are not compared: they are of an entry with many tags, which are its own. */
const MOST_BYTES = 512;

/** The names of the entry that was read last, and their bytes. Those of the next one are mostly the same. */
const previousBytes = Buffer.alloc(MOST_BYTES);
let previousLength = 0;
let previous: Names = { cache: '', version: '', tags: [], tokens: [] };

/**
 * Reads the names in the header of an entry, and leaves the cursor behind them.
 *
 * @throws CacheError `CACHE_INVALID_ENTRY`
 */
export function readNames(bytes: Buffer, cursor: Cursor): Names {
  const start = cursor.offset;
  const end = start + previousLength;
  if (previousLength > 0 && end <= cursor.end && isPrevious(bytes, start, end)) {
    cursor.offset = end;
    return previous;
  }
  const names = parse(bytes, cursor);
  const length = cursor.offset - start;
  previousLength = length <= MOST_BYTES ? bytes.copy(previousBytes, 0, start, cursor.offset) : 0;
  previous = names;
  return names;
}

function isPrevious(bytes: Buffer, start: number, end: number): boolean {
  return bytes.compare(previousBytes, 0, previousLength, start, end) === 0;
}

function parse(bytes: Buffer, cursor: Cursor): Names {
  const tagCount = readVarint(bytes, cursor);
  const textCount = LEADING_TEXTS + 2 * tagCount;
  // Each length takes a byte at least, so a count that cannot be true never becomes a loop.
  if (textCount > cursor.end - cursor.offset) throw invalidEntry('it ends within the header');
  const lengths: number[] = [];
  for (let index = 0; index < textCount; index++) lengths.push(readVarint(bytes, cursor));
  const textEnd = endOfText(cursor, readVarint(bytes, cursor));
  const texts = readTexts(bytes, cursor.offset, textEnd, lengths);
  if (texts === undefined) throw invalidEntry('its text has another length');
  cursor.offset = textEnd;
  const [cache = '', version = ''] = texts;
  return {
    cache,
    version,
    tags: texts.slice(LEADING_TEXTS, LEADING_TEXTS + tagCount),
    tokens: texts.slice(LEADING_TEXTS + tagCount),
  };
}

/** Where a text of that many bytes ends that begins at the cursor. */
export function endOfText({ offset, end }: Cursor, length: number): number {
  if (length <= end - offset) return offset + length;
  throw invalidEntry('it ends within the header');
}
