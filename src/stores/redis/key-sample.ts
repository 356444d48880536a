import { cacheNameOf } from '../../codec/envelope.js';
import { isRefused, type Gate } from '../../resilience/gate.js';
import type { RedisNode } from './redis-client.js';

const SCAN_COUNT = 200;
/** Entries that are looked into at once, within one deadline. */
const READ_COUNT = 25;
/** Enough for the header of an entry, up to its cache's name, with more than a hundred tags. */
const HEADER_BYTES = 512;

/** What a look at some of a node's keys has found. */
export interface KeySample {
  /** How many entries were found, without looking at all keys unless `complete`. */
  readonly found: number;
  /** About how many keys of the database were looked at. */
  readonly visited: number;
  readonly complete: boolean;
  /** How many of those found belong to which cache; `undefined` when that must not be asked. */
  readonly caches: ReadonlyMap<string, number> | undefined;
  /** Of how many it was asked to which cache they belong. */
  readonly asked: number;
}

export interface SampleLimits {
  /** Pattern for SCAN. */
  readonly match: string;
  /** Most entries that are looked into. */
  readonly most: number;
  /** Until when to look, on the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Looks at the keys of one node, in the order of SCAN, which is that of their hashes and as good as random. An answer
 * that does not come ends it with what there is.
 *
 * @returns `undefined` when SCAN must not be asked
 */
export async function sampleKeys(
  node: RedisNode,
  gate: Pick<Gate, 'run'>,
  { match, most, until }: SampleLimits,
): Promise<KeySample | undefined> {
  const names = new Set<string>();
  const caches = new Map<string, number>();
  let isAllowed = true;
  let asked = 0;
  let visited = 0;
  let cursor = '0';
  let complete = false;
  try {
    do {
      const from = cursor;
      const [next, page] = await gate.run(
        () => node.scan(from, 'MATCH', match, 'COUNT', SCAN_COUNT),
        'statistics',
      );
      cursor = next;
      visited += SCAN_COUNT;
      const fresh = page.filter((name) => !names.has(name));
      for (const name of fresh) names.add(name);
      const chosen = isAllowed ? fresh.slice(0, most - asked) : [];
      for (
        let i = 0;
        isAllowed && i < chosen.length && (i === 0 || performance.now() < until);
        i += READ_COUNT
      ) {
        const some = chosen.slice(i, i + READ_COUNT);
        isAllowed = await count(node, gate, some, caches);
        asked += some.length;
      }
      complete = cursor === '0';
    } while (!complete && names.size < most && performance.now() < until);
  } catch (error) {
    if (visited === 0 && isRefused(error)) return undefined;
    // What has been seen is worth telling.
  }
  return { found: names.size, visited, complete, caches: isAllowed ? caches : undefined, asked };
}

/** @returns whether that may be asked */
async function count(
  node: RedisNode,
  gate: Pick<Gate, 'run'>,
  names: readonly string[],
  caches: Map<string, number>,
): Promise<boolean> {
  const read = () => Promise.all(names.map((name) => headerOf(node, name)));
  try {
    for (const header of await gate.run(read, 'statistics')) {
      const cache = header && cacheNameOf(header);
      if (cache !== undefined) caches.set(cache, (caches.get(cache) ?? 0) + 1);
    }
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    return false;
  }
}

/** A stranger's list or hash under our key has none. */
async function headerOf(node: RedisNode, name: string): Promise<Buffer | undefined> {
  try {
    return await node.getrangeBuffer(name, 0, HEADER_BYTES - 1);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return undefined;
    throw error;
  }
}
