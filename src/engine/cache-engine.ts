import type { Codec } from '../codec/codec.js';
import type { CacheDefinition } from '../definition/define-cache.js';
import { CacheError } from '../errors.js';
import type { MemoryLimits, NearStore } from '../stores/near-store.js';
import type { CacheStore } from '../stores/store.js';
import { BackgroundWork } from './background-work.js';
import { BoundCache } from './bound-cache.js';
import type { Clock } from './clock.js';
import type { CacheEvents } from './events.js';
import { detailsOf, type EntryReport } from './inspect.js';
import { Generations } from './generations.js';
import { resolvePolicy, type PolicyDefaults } from './policy.js';
import { ReadThrough } from './read-through.js';
import { Writes } from './writes.js';

export interface EngineOptions {
  readonly codec: Codec;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** Makes a memory with these limits. */
  readonly makeMemory: (limits: MemoryLimits) => NearStore;
  /** Limits of the memory that caches without limits of their own share. */
  readonly memory: MemoryLimits;
  /** The store that all instances share; without one, memory is the only store. */
  readonly shared: CacheStore | undefined;
  readonly defaults: PolicyDefaults;
  /** The ttl in milliseconds that replaces the definition's, by name of the cache. */
  readonly ttlOverride: (name: string) => number | undefined;
}

/** All caches of one application: knows no Nest and no Redis. */
export class CacheEngine {
  readonly reads: ReadThrough;
  readonly writes: Writes;
  readonly background: BackgroundWork;
  private readonly memory: NearStore;
  private readonly dedicated: NearStore[] = [];
  private readonly byDefinition = new Map<CacheDefinition, BoundCache>();
  private readonly byName = new Map<string, BoundCache>();

  constructor(private readonly options: EngineOptions) {
    const { codec, clock, events, memory, shared } = options;
    const generations = new Generations();
    this.background = new BackgroundWork((operation, error) => events.problems.emit({ operation, error }));
    this.memory = options.makeMemory(memory);
    this.reads = new ReadThrough(codec, clock, generations, events, this.background);
    this.writes = new Writes(codec, clock, generations, () => ({ memory: this.memoryStores, shared }));
  }

  /** Every memory of this process. */
  get memoryStores(): readonly NearStore[] {
    return [this.memory, ...this.dedicated];
  }

  /** What all memory of this process holds. */
  get memoryUse(): { readonly entries: number; readonly bytes: number } {
    let entries = 0;
    let bytes = 0;
    for (const store of this.memoryStores) {
      entries += store.entries;
      bytes += store.bytes;
    }
    return { entries, bytes };
  }

  /** What is stored under a key, in each tier. */
  async inspect(key: string): Promise<EntryReport> {
    const { clock, shared } = this.options;
    const inShared = (await shared?.read(key, []))?.entry;
    const inMemory = this.memoryStores
      .map((store) => store.find(key)?.entry)
      .find((entry) => entry !== undefined);
    const now = clock.now();
    return {
      key,
      tiers: {
        ...(inMemory && { l1: detailsOf(inMemory, now) }),
        ...(inShared && { l2: detailsOf(inShared, now) }),
      },
    };
  }

  /** All caches in use. */
  get caches(): Iterable<BoundCache> {
    return this.byName.values();
  }

  /**
   * Puts a definition to use. The same definition gives the same cache.
   *
   * @throws CacheError `CACHE_INVALID_OPTION` when its policy breaks a rule, `CACHE_INVALID_USE` when another
   * definition has its name
   */
  bind(definition: CacheDefinition): BoundCache {
    const bound = this.byDefinition.get(definition);
    if (bound !== undefined) return bound;
    const { name, key, policy } = definition;
    if (this.byName.has(name)) {
      throw new CacheError(
        'CACHE_INVALID_USE',
        `Expected each cache to have a name of its own, got a second definition named \`${name}\`. ` +
          'Give one of them another name, or use one constant in both places.',
      );
    }
    const cache = this.make(definition, key as BoundCache['keyOf'], policy.tags as BoundCache['userTagsOf']);
    this.byDefinition.set(definition, cache);
    this.byName.set(name, cache);
    return cache;
  }

  private make(
    definition: CacheDefinition,
    keyOf: BoundCache['keyOf'],
    tagsOf: BoundCache['userTagsOf'],
  ): BoundCache {
    const { defaults, ttlOverride, shared } = this.options;
    const policy = resolvePolicy(definition, defaults, ttlOverride(definition.name));
    const memory = this.memoryFor(policy.l1);
    const store = shared !== undefined && policy.l2 ? shared : memory;
    const near = policy.l1 === false && store !== memory ? undefined : memory;
    return new BoundCache(definition.name, policy, keyOf, tagsOf, near, store);
  }

  private memoryFor(l1: BoundCache['policy']['l1']): NearStore {
    if (l1 === false || (l1.maxEntries === undefined && l1.maxBytes === undefined)) return this.memory;
    const { memory, makeMemory } = this.options;
    const store = makeMemory({ ...memory, ...l1 });
    this.dedicated.push(store);
    return store;
  }
}
