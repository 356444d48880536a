import type { CachePattern } from '../../definition/template.js';
import { decodeEntry, encodeEntry, entryIdOf } from '../../codec/envelope.js';
import type { Clock } from '../../engine/clock.js';
import { expiresAt, type Entry } from '../../engine/entry.js';
import { newToken } from '../../engine/token.js';
import type { Acquired, CacheStore, Found } from '../store.js';
import { acquireScript } from './lua/acquire.lua.js';
import { discardScript } from './lua/discard.lua.js';
import { putScript } from './lua/put.lua.js';
import { releaseScript } from './lua/release.lua.js';
import { storeScript } from './lua/store.lua.js';
import { tokensScript } from './lua/tokens.lua.js';
import type { RedisClient } from './redis-client.js';
import { escapeGlob, RedisKeys } from './redis-keys.js';

const SCAN_COUNT = 1000;
/** How long the token of an evicted tag lives unless an entry that carries it needs it longer. A day. */
const TAG_LIFETIME_MS = 86_400_000;
const NOTHING: Found = Object.freeze({ seen: '' });

/**
 * Entries in Redis, shared by all instances. Its methods reject when Redis can't be asked; what lies in Redis
 * but is no usable entry is a miss.
 */
export class RedisStore implements CacheStore {
  readonly tier = 'l2';
  private readonly keys: RedisKeys;

  constructor(
    private readonly client: RedisClient,
    namespace: string,
    private readonly clock: Clock,
    private readonly onProblem: (operation: string, error: unknown) => void,
  ) {
    this.keys = new RedisKeys(namespace);
  }

  async read(key: string, tags: readonly string[]): Promise<Found> {
    // Sent in one tick, hence one round trip.
    const [bytes, tokens] = await Promise.all([this.get(key), this.currentTokens(tags)]);
    return bytes === null ? NOTHING : this.found(bytes, new Map(tags.map((tag, i) => [tag, tokens[i]])));
  }

  async acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    const keys = [this.keys.entry(key), this.keys.lease(key)];
    const reply = await acquireScript.run(this.client, keys, [lease, leaseMs, Buffer.from(seen, 'hex')]);
    const [kind, detail] = reply as [number, (Buffer | number)?];
    if (kind === 0) return { kind: 'granted' };
    if (detail instanceof Buffer) return { kind: 'filled', found: await this.found(detail, new Map()) };
    return { kind: 'held', forMs: Math.max(Number(detail), 1) };
  }

  async tokens(tags: readonly string[], lifetimeMs: number): Promise<readonly string[]> {
    if (tags.length === 0) return [];
    const reply = await tokensScript.run(
      this.client,
      tags.map((tag) => this.keys.tag(tag)),
      [pxOf(lifetimeMs), ...tags.map(newToken)],
    );
    return (reply as Buffer[]).map(String);
  }

  async store(key: string, lease: string, entry: Entry): Promise<boolean> {
    const lifetimeMs = expiresAt(entry) - this.clock.now();
    if (lifetimeMs <= 0) {
      await this.release(key, lease);
      return false;
    }
    const keys = [this.keys.entry(key), this.keys.lease(key)];
    const reply = await storeScript.run(this.client, keys, [lease, encodeEntry(entry), pxOf(lifetimeMs)]);
    return reply === 1;
  }

  async release(key: string, lease: string): Promise<void> {
    await releaseScript.run(this.client, [this.keys.lease(key)], [lease]);
  }

  async put(key: string, entry: Entry): Promise<boolean> {
    const lifetimeMs = expiresAt(entry) - this.clock.now();
    if (lifetimeMs <= 0) {
      await this.evict([key]);
      return false;
    }
    const keys = [this.keys.entry(key), this.keys.lease(key)];
    await putScript.run(this.client, keys, [encodeEntry(entry), pxOf(lifetimeMs)]);
    return true;
  }

  async evict(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.client.unlink(this.keys.entry(key), this.keys.lease(key))));
  }

  async evictTags(tags: readonly string[]): Promise<void> {
    await Promise.all(
      tags.map((tag) => this.client.set(this.keys.tag(tag), newToken(), 'PX', TAG_LIFETIME_MS)),
    );
  }

  async evictMatching(pattern: CachePattern): Promise<number> {
    // Leases first: a load that ends between the two passes finds its lease gone, or its entry is found.
    const leases = `${escapeGlob(this.keys.leasePrefix(pattern.prefix))}*`;
    const entries = `${escapeGlob(this.keys.entry(pattern.prefix))}*`;
    const evicted =
      (await this.evictScanned(leases, pattern, (name) => this.keys.keyOfLease(name))) +
      (await this.evictScanned(entries, pattern, (name) => this.keys.keyOfEntry(name)));
    return evicted;
  }

  async discard(key: string, seen: string): Promise<void> {
    await discardScript.run(this.client, [this.keys.entry(key)], [Buffer.from(seen, 'hex')]);
  }

  private async evictScanned(
    match: string,
    pattern: CachePattern,
    keyOf: (name: string) => string,
  ): Promise<number> {
    let evicted = 0;
    let cursor = '0';
    do {
      const [next, names] = await this.client.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT);
      cursor = next;
      const keys = names.map(keyOf).filter((key) => pattern.matches(key));
      const unlinked = keys.map(async (key) => {
        const [entries] = await Promise.all([
          this.client.unlink(this.keys.entry(key)),
          this.client.unlink(this.keys.lease(key)),
        ]);
        evicted += entries;
      });
      await Promise.all(unlinked);
    } while (cursor !== '0');
    return evicted;
  }

  private async get(key: string): Promise<Buffer | null> {
    try {
      return await this.client.getBuffer(this.keys.entry(key));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('WRONGTYPE')) throw error;
      // A stranger's list or hash under our key: nothing of ours, and in the way of storing.
      this.onProblem('read', error);
      await this.client.unlink(this.keys.entry(key));
      return null;
    }
  }

  private async currentTokens(tags: readonly string[]): Promise<readonly (string | null)[]> {
    return tags.length === 0 ? [] : this.client.mget(tags.map((tag) => this.keys.tag(tag)));
  }

  /** Decodes an entry and compares its tokens with the current ones, of which `known` may already hold some. */
  private async found(bytes: Buffer, known: Map<string, string | null | undefined>): Promise<Found> {
    const seen = entryIdOf(bytes);
    let entry: Entry;
    try {
      entry = decodeEntry(bytes);
    } catch (error) {
      this.onProblem('read', error);
      return { seen };
    }
    const unknown = entry.tags.filter((tag) => !known.has(tag));
    const tokens = await this.currentTokens(unknown);
    unknown.forEach((tag, i) => known.set(tag, tokens[i]));
    return entry.tags.every((tag, i) => known.get(tag) === entry.tokens[i]) ? { entry, seen } : { seen };
  }
}

/** A lifetime as the scripts take it: whole milliseconds, 0 for ever. */
function pxOf(lifetimeMs: number): number {
  return lifetimeMs === Infinity ? 0 : Math.ceil(lifetimeMs);
}
