/**
 * The stored form of plain values, which most are: nothing reads or writes them as fast as JSON does.
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0 | 1 | 0xC1, the one byte that begins no value in MessagePack |
 * | 1 | 1 | 0: what follows is in Latin-1, 1: in UTF-8 |
 * | 2 |   | JSON: an array of the value, with milliseconds in place of dates, and the path to each of them |
 *
 * `{ id: '42', owner: { since: new Date(5) } }` is `[{"id":"42","owner":{"since":5}},["owner","since"]]`. Since it is an
 * array, no part of it is JSON, and neither is it with anything after it but space.
 */
import { plainOf } from './plain-walk.js';
import { MAX_DEPTH } from './storable.js';

const PLAIN_MARK = 0xc1;
/** Node reads it at five times the speed of UTF-8, as soon as there is one letter that is not ASCII. */
const LATIN1 = 0;
const UTF8 = 1;
const TEXT_OFFSET = 2;
const CLOSING_BRACKET = 0x5d;

/** V8 knows of most texts without a look at them that there is none in it. */
const BEYOND_LATIN1 = /[^\0-\u00ff]/;

const ANY_ARRAY: readonly unknown[] = Object.freeze([]);

/** Bytes in memory of their own, `undefined` when the value is not plain. */
export function packPlain(value: unknown): Buffer | undefined {
  // Somebody has put one on all arrays or all objects, and JSON would call it.
  if ('toJSON' in ANY_ARRAY) return undefined;
  const plain = plainOf(value);
  if (plain === undefined) return undefined;
  const text = JSON.stringify([plain.data, ...plain.dates]);
  return BEYOND_LATIN1.test(text)
    ? write(text, Buffer.byteLength(text), UTF8, 'utf8')
    : write(text, text.length, LATIN1, 'latin1');
}

export function isPlain(bytes: Uint8Array): boolean {
  return bytes[0] === PLAIN_MARK;
}

/** @throws Error when the bytes are not what {@link packPlain} writes */
export function unpackPlain(bytes: Uint8Array): unknown {
  const source = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = parse(textOf(source));
  if (!Array.isArray(parts) || parts.length === 0 || source[source.length - 1] !== CLOSING_BRACKET)
    throw malformed();
  const [value] = parts as readonly unknown[];
  if (isObject(value)) checkDepth(value, 0);
  for (let index = 1; index < parts.length; index++) setDate(parts, parts[index]);
  return parts[0];
}

function write(text: string, length: number, mark: number, encoding: 'latin1' | 'utf8'): Buffer {
  const bytes = Buffer.allocUnsafeSlow(TEXT_OFFSET + length);
  bytes[0] = PLAIN_MARK;
  bytes[1] = mark;
  bytes.write(text, TEXT_OFFSET, length, encoding);
  return bytes;
}

function textOf(source: Buffer): string {
  switch (source[1]) {
    case LATIN1:
      return source.toString('latin1', TEXT_OFFSET);
    case UTF8:
      return source.toString('utf8', TEXT_OFFSET);
    default:
      throw malformed();
  }
}

/** What `JSON.parse` says of a text quotes it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

/** Whoever made it up, what walks the value later on is made for what can be encoded. */
function checkDepth(value: object, depth: number): void {
  if (depth >= MAX_DEPTH) throw malformed();
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) if (isObject(item)) checkDepth(item, depth + 1);
    return;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    const field = fields[name];
    if (isObject(field) && Object.hasOwn(fields, name)) checkDepth(field, depth + 1);
  }
}

/** Puts a date where a path leads to a number, by way of what the objects and arrays of the value have themselves. */
function setDate(parts: readonly unknown[], path: unknown): void {
  if (!Array.isArray(path)) throw malformed();
  let holder: unknown = parts;
  let step: unknown = 0;
  for (const next of path as readonly unknown[]) {
    holder = ownOf(holder, step);
    step = next;
  }
  const time = ownOf(holder, step);
  const date = new Date(typeof time === 'number' ? time : Number.NaN);
  if (date.getTime() !== time) throw malformed();
  (holder as Record<string | number, unknown>)[step as string | number] = date;
}

function ownOf(holder: unknown, step: unknown): unknown {
  if (!isObject(holder)) throw malformed();
  if ((typeof step !== 'string' && typeof step !== 'number') || !Object.hasOwn(holder, step))
    throw malformed();
  return (holder as Readonly<Record<string | number, unknown>>)[step];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function malformed(): Error {
  return new Error('A plain value is malformed');
}
