import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { readEnvelope, writeEnvelope } from '../../src/codec/envelope.js';

const PAUSE_MS = 4;
/** What a bomb claims to hold, and what it holds: both beyond what any entry here is. */
const CLAIMED_BYTES = 8 * 1024 * 1024;
const BOMB = deflateRawSync(Buffer.alloc(8 * CLAIMED_BYTES));
const TRUE_BOMB = deflateRawSync(Buffer.alloc(CLAIMED_BYTES));
/** MessagePack for an array of 4,294,967,295 elements, without any. */
const ENDLESS_ARRAY = Buffer.from('ddffffffff', 'hex');

type Vandalism = (client: Redis, name: string, bytes: Buffer, others: readonly string[]) => Promise<unknown>;

/** Each puts something under the name of an entry that none of the library's processes has put there. */
const VANDALISM: readonly Vandalism[] = [
  (client, name) => client.set(name, randomBytes(randomInt(1, 200))),
  (client, name) => client.set(name, ''),
  (client, name, bytes) => client.set(name, bytes.subarray(0, randomInt(bytes.length))),
  (client, name, bytes) => client.set(name, Buffer.concat([bytes, bytes.subarray(bytes.length - 4)])),
  (client, name, bytes) => client.set(name, flipped(bytes)),
  // The entry of another key, or of another cache.
  async (client, name, _, others) => {
    const other = others.filter((one) => one !== name)[randomInt(others.length - 1)] ?? name;
    const theirs = await client.getBuffer(other).catch(() => null);
    if (theirs !== null) await client.set(name, theirs);
  },
  (client, name) => client.set(name, '{"value":1}'),
  (client, name) => client.multi().del(name).rpush(name, 'a', 'b').exec(),
  (client, name) => client.multi().del(name).hset(name, 'field', 'value').exec(),
  (client, name, bytes) => client.set(name, withBody(bytes, name, BOMB, CLAIMED_BYTES)),
  (client, name, bytes) => client.set(name, withBody(bytes, name, TRUE_BOMB, CLAIMED_BYTES)),
  (client, name, bytes) => client.set(name, withBody(bytes, name, BOMB, 2 ** 40)),
  (client, name, bytes) => client.set(name, withBody(bytes, name, ENDLESS_ARRAY)),
];

/** Writes over entries, one way after the other, for so long, milliseconds. Tells how often. */
export async function vandalise(client: Redis, entries: string, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let times = 0;
  while (performance.now() < until) {
    const names = await client.keys(`${entries}*`);
    const name = names[randomInt(Math.max(1, names.length))];
    const bytes = name === undefined ? null : await client.getBuffer(name).catch(() => null);
    // What is no entry any more has been here before.
    if (name !== undefined && bytes !== null && isEntry(bytes, name)) {
      await VANDALISM[times % VANDALISM.length]?.(client, name, bytes, names);
      times += 1;
    }
    await delay(PAUSE_MS);
  }
  return times;
}

/** Another payload in the same entry, with a checksum that is right. */
function withBody(bytes: Buffer, name: string, body: Buffer, inflatedBytes?: number): Buffer {
  const { entry } = readEnvelope(bytes, name);
  return writeEnvelope(entry, { inflatedBytes }, body, name);
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = randomInt(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << randomInt(8));
  return copy;
}

function isEntry(bytes: Buffer, name: string): boolean {
  try {
    readEnvelope(bytes, name);
    return true;
  } catch {
    return false;
  }
}
