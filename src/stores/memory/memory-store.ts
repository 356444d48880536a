import { LRUCache } from 'lru-cache';
import type { Codec } from '../../codec/codec.js';
import type { CachePattern } from '../../definition/template.js';
import type { Clock } from '../../engine/clock.js';
import { expiresAt, type Entry } from '../../engine/entry.js';
import { TagTokens, type TagState } from '../../engine/tag-tokens.js';
import { newToken } from '../../engine/token.js';
import type { MemoryLimits, NearStore } from '../near-store.js';
import type { Acquired, Found } from '../store.js';
import { MemoryEntry } from './memory-entry.js';
import { Origins, type Origin } from './origins.js';

/** Leases are about loads that run, not about entries that age: their time is not the clock's, but real. */
interface Lease {
  readonly holder: string;
  readonly until: number;
}

const NOTHING: Found = Object.freeze({ seen: '' });
/** What an entry costs beside its payload and key: its fields, tags and place in the list, roughly. */
const OVERHEAD_BYTES = 256;
/** What a tag costs beside its text: its token, its state. */
const TAG_BYTES = 64;

/**
 * Entries in this process's memory, least recently used out first. In front of Redis it is L1; without Redis
 * it is the store itself, with the same leases and tags.
 */
export class MemoryStore implements NearStore {
  readonly tier = 'l1';
  private readonly residents: LRUCache<string, MemoryEntry>;
  private readonly origins = new Origins();
  private readonly leases = new Map<string, Lease>();
  private suspended = false;

  constructor(
    limits: MemoryLimits,
    private readonly tags: TagTokens,
    private readonly clock: Clock,
    private readonly codec: Codec,
  ) {
    this.residents = new LRUCache<string, MemoryEntry>({
      max: limits.maxEntries,
      maxSize: limits.maxBytes,
      sizeCalculation: (resident, key) => sizeOf(resident) + key.length + OVERHEAD_BYTES,
    });
  }

  get entries(): number {
    return this.residents.size;
  }

  get bytes(): number {
    return this.residents.calculatedSize;
  }

  find(key: string, now: number): MemoryEntry | undefined {
    const resident = this.residents.get(key);
    if (resident === undefined) return undefined;
    if (resident.until > now && resident.hasCurrentTags) return resident;
    this.residents.delete(key);
    return undefined;
  }

  fill(key: string, entry: Entry, until: number): void {
    const tagStates = entry.tags.map((tag, i) => this.tags.learn(tag, entry.tokens[i] ?? ''));
    this.keep(key, new MemoryEntry(entry, this.origins.of(entry, tagStates), until, true, this.codec));
  }

  delete(key: string): void {
    this.residents.delete(key);
  }

  read(key: string): Found {
    const resident = this.find(key, this.clock.now());
    const entry = resident?.entry;
    return entry === undefined ? NOTHING : { entry, seen: entry.id };
  }

  readMany(keys: readonly string[]): readonly Found[] {
    return keys.map((key) => this.read(key));
  }

  acquire(key: string, lease: string, leaseMs: number, seen: string): Acquired {
    const found = this.read(key);
    if (found.seen !== seen && found.entry !== undefined) return { kind: 'filled', found };
    const now = performance.now();
    const held = this.leases.get(key);
    if (held !== undefined && held.until > now) return { kind: 'held', forMs: held.until - now };
    this.leases.set(key, { holder: lease, until: now + leaseMs });
    return { kind: 'granted' };
  }

  extend(key: string, lease: string, leaseMs: number): boolean {
    if (!this.isHeldBy(key, lease)) return false;
    this.leases.set(key, { holder: lease, until: performance.now() + leaseMs });
    return true;
  }

  tokens(tags: readonly string[]): readonly string[] {
    return tags.map((tag) => this.tags.get(tag)?.token ?? this.renew(tag));
  }

  store(key: string, lease: string, entry: Entry): boolean {
    if (!this.isHeldBy(key, lease)) return false;
    this.leases.delete(key);
    const origin = expiresAt(entry) > this.clock.now() ? this.currentOrigin(entry) : undefined;
    if (origin === undefined) {
      // Over, or evicted while it was made: what lies here is older still.
      this.residents.delete(key);
      return false;
    }
    this.keep(key, new MemoryEntry(entry, origin, expiresAt(entry), false, this.codec));
    return true;
  }

  seize(key: string, lease: string, leaseMs: number): boolean {
    this.residents.delete(key);
    this.leases.set(key, { holder: lease, until: performance.now() + leaseMs });
    return true;
  }

  claim(key: string, lease: string, leaseMs: number): boolean {
    const now = performance.now();
    const held = this.leases.get(key);
    if (held !== undefined && held.until > now) return false;
    this.leases.set(key, { holder: lease, until: now + leaseMs });
    return true;
  }

  release(key: string, lease: string): void {
    if (this.leases.get(key)?.holder === lease) this.leases.delete(key);
  }

  replace(key: string, seen: string, entry: Entry): boolean {
    const resident = this.find(key, this.clock.now());
    if (resident?.id !== seen) return false;
    this.keep(key, new MemoryEntry(entry, resident.origin, expiresAt(entry), false, this.codec));
    return true;
  }

  evict(keys: readonly string[]): void {
    for (const key of keys) {
      this.residents.delete(key);
      this.leases.delete(key);
    }
  }

  evictTags(tags: readonly string[]): void {
    for (const tag of tags) this.tags.forget(tag);
  }

  suspend(): void {
    this.suspended = true;
    this.residents.clear();
  }

  resume(): void {
    this.suspended = false;
  }

  evictMatching(pattern: CachePattern): number {
    let count = 0;
    for (const key of [...this.residents.keys()]) {
      if (pattern.matches(key) && this.residents.delete(key)) count += 1;
    }
    for (const key of [...this.leases.keys()]) {
      if (pattern.matches(key)) this.leases.delete(key);
    }
    return count;
  }

  discard(key: string, seen: string): void {
    if (this.residents.peek(key)?.id === seen) this.residents.delete(key);
  }

  private isHeldBy(key: string, lease: string): boolean {
    const held = this.leases.get(key);
    return held?.holder === lease && held.until > performance.now();
  }

  /** The origin of an entry, if its tokens are the current ones. */
  private currentOrigin(entry: Entry): Origin | undefined {
    const states: TagState[] = [];
    for (const [i, tag] of entry.tags.entries()) {
      const state = this.tags.get(tag);
      if (state === undefined || state.token !== entry.tokens[i]) return undefined;
      states.push(state);
    }
    return this.origins.of(entry, states);
  }

  private keep(key: string, resident: MemoryEntry): void {
    if (!this.suspended) this.residents.set(key, resident);
  }

  private renew(tag: string): string {
    const token = newToken();
    this.tags.learn(tag, token);
    return token;
  }
}

/** Bytes of the payload and of the tags, roughly. */
function sizeOf({ value, tags }: MemoryEntry): number {
  let size = value.bytes;
  for (const tag of tags) size += tag.length + TAG_BYTES;
  return size;
}
