import type { Codec } from '../codec/codec.js';
import type { CacheDefinition } from '../definition/define-cache.js';
import { CacheError } from '../errors.js';
import type { MemoryLimits, NearStore } from '../stores/near-store.js';
import type { SharedStore } from '../stores/store.js';
import { BackgroundWork } from './background-work.js';
import { BoundCache } from './bound-cache.js';
import { EngineCalls, type CacheCalls } from './calls.js';
import type { Clock } from './clock.js';
import { Coherence } from './coherence.js';
import type { CacheEvents } from './events.js';
import { detailsOf, type EntryReport } from './inspect.js';
import { Generations } from './generations.js';
import type { LeaseLimits } from './lease-keeper.js';
import { LoadWaiters } from './load-waiters.js';
import { peek, type Peeked } from './peek.js';
import { resolvePolicy, type Policy, type PolicyDefaults } from './policy.js';
import { ReadThrough } from './read-through.js';
import { Scopes } from './scopes.js';
import { Switches } from './switches.js';
import { TagTokens } from './tag-tokens.js';
import { Transactions } from './transactions.js';
import { WarmupCalls, type WarmupWish } from './warmup-calls.js';
import { Writes } from './writes.js';

export interface EngineOptions {
  readonly codec: Codec;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** Makes a memory with these limits, for entries whose tags have these tokens. */
  readonly makeMemory: (limits: MemoryLimits, tags: TagTokens) => NearStore;
  /** Limits of the memory that caches without limits of their own share. */
  readonly memory: MemoryLimits;
  /** The store that all instances share; without one, memory is the only store. */
  readonly shared: SharedStore | undefined;
  /** What this process knows of the tags in the shared store. */
  readonly sharedTags: TagTokens;
  readonly lease: LeaseLimits;
  /** How long one call waits for the shared store, all its operations together, milliseconds. */
  readonly patience: number;
  readonly defaults: PolicyDefaults;
  /** The ttl in milliseconds that replaces the definition's, by name of the cache. */
  readonly ttlOverride: (name: string) => number | undefined;
  /** Whether the options disable the cache of that name. */
  readonly isDisabled: (name: string) => boolean;
  /** Whether there are keys for what is stored in the shared store, or no such store. */
  readonly canEncrypt: boolean;
}

/** All caches of one application: knows no Nest and no Redis. */
export class CacheEngine {
  readonly reads: ReadThrough;
  readonly writes: Writes;
  readonly background: BackgroundWork;
  readonly coherence: Coherence;
  private readonly scopes: Scopes;
  private readonly transactions: Transactions;
  readonly switches: Switches;
  private readonly localTags: TagTokens;
  private readonly memories: NearStore[] = [];
  /** The memories that caches without limits of their own share. */
  private readonly common = new Map<TagTokens, NearStore>();
  private readonly byDefinition = new Map<CacheDefinition, BoundCache>();
  private readonly byName = new Map<string, BoundCache>();

  constructor(private readonly options: EngineOptions) {
    const { codec, clock, events, shared, sharedTags, lease, patience } = options;
    this.localTags = TagTokens.forEntries(options.memory.maxEntries, clock);
    this.switches = new Switches(events);
    const generations = new Generations();
    const waiters = new LoadWaiters();
    this.background = new BackgroundWork((operation, error) => events.problems.emit({ operation, error }));
    this.coherence = new Coherence({
      generations,
      waiters,
      tags: [sharedTags, this.localTags],
      memories: this.memories,
      events,
      armed: shared === undefined,
    });
    this.reads = new ReadThrough({
      codec,
      clock,
      generations,
      events,
      background: this.background,
      waiters,
      lease,
      patience,
    });
    this.writes = new Writes({
      codec,
      clock,
      generations,
      here: this.coherence,
      shared,
      events,
      patience,
      lease,
    });
    const { reads, writes } = this;
    this.scopes = new Scopes(new EngineCalls(reads, writes));
    this.transactions = new Transactions(this.scopes, { reads, writes });
  }

  /** Answers whoever asks now: the transaction or warmup that the caller is in, or the engine itself. */
  get calls(): CacheCalls {
    return this.scopes.calls;
  }

  /** Runs work whose evictions and puts wait for its end, and are dropped if it fails. */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.transactions.run(work);
  }

  /**
   * A warmup: what it is given to run finds its reads loaded and stored anew, but for the entries that it leaves. Not
   * what their loaders read in turn.
   */
  warmup(wish: WarmupWish): <T>(work: () => T) => T {
    const { reads, writes, scopes, options } = this;
    const calls = new WarmupCalls(reads, writes, scopes, options.clock, wish);
    return (work) => scopes.run(calls, work);
  }

  /** What all memory of this process holds. */
  get memoryUse(): { readonly entries: number; readonly bytes: number } {
    let entries = 0;
    let bytes = 0;
    for (const store of this.memories) {
      entries += store.entries;
      bytes += store.bytes;
    }
    return { entries, bytes };
  }

  /** What is stored under a key, in each tier. */
  async inspect(key: string): Promise<EntryReport> {
    const { clock, shared } = this.options;
    const inShared = (await shared?.read(key, []))?.entry;
    const now = clock.now();
    const inMemory = this.memories
      .map((store) => store.find(key, now))
      .find((resident) => resident !== undefined);
    return {
      key,
      tiers: {
        ...(inMemory && { l1: detailsOf(inMemory, inMemory.value.bytes, now) }),
        ...(inShared && { l2: detailsOf(inShared, inShared.payload.byteLength, now) }),
      },
    };
  }

  /** What a read of an entry would find, for who only looks. */
  peek(definition: CacheDefinition, args: readonly unknown[]): Promise<Peeked> {
    return peek(this.bind(definition), args, this.options);
  }

  /**
   * Enables or disables all caches of a name, in this process.
   *
   * @throws CacheError `CACHE_INVALID_USE` when none in use has that name
   */
  turn(name: string, enabled: boolean): void {
    if (!this.byName.has(name)) {
      const names = [...this.byName.keys()].map((known) => `\`${known}\``).join(', ');
      throw new CacheError(
        'CACHE_INVALID_USE',
        `Expected the name of a cache in use, which are ${names === '' ? 'none so far' : names}, ` +
          `got ${typeof name === 'string' ? `\`${name}\`` : typeof name}. Check the spelling.`,
      );
    }
    this.switches.turn(name, enabled, this.options.clock.now());
  }

  /** All caches in use. */
  get caches(): Iterable<BoundCache> {
    return this.byName.values();
  }

  /** The policy of the cache with that name, if it is in use. */
  policyOf(name: string): Policy | undefined {
    return this.byName.get(name)?.policy;
  }

  /**
   * Puts a definition to use. The same definition gives the same cache, and one that was derived from it a variant of
   * that cache.
   *
   * @throws CacheError `CACHE_INVALID_OPTION` when its policy breaks a rule, `CACHE_INVALID_USE` when another
   * definition has its name
   */
  bind(definition: CacheDefinition): BoundCache {
    const bound = this.byDefinition.get(definition);
    if (bound !== undefined) return bound;
    const cache = this.variant(definition) ?? this.first(definition);
    this.byDefinition.set(definition, cache);
    return cache;
  }

  private variant(definition: CacheDefinition): BoundCache | undefined {
    const { derivedFrom } = definition;
    return derivedFrom && this.bind(derivedFrom).variant(this.policyFor(definition));
  }

  private first(definition: CacheDefinition): BoundCache {
    const { name, key, policy } = definition;
    if (this.byName.has(name)) {
      throw new CacheError(
        'CACHE_INVALID_USE',
        `Expected each cache to have a name of its own, got a second definition named \`${name}\`. ` +
          'Give one of them another name: `name` of defineCache or of @Cacheable, `prefix` of @CacheDefaults. ' +
          'Or use one constant in both places.',
      );
    }
    const cache = this.make(definition, key as BoundCache['keyOf'], policy.tags as BoundCache['userTagsOf']);
    this.byName.set(name, cache);
    return cache;
  }

  private make(
    definition: CacheDefinition,
    keyOf: BoundCache['keyOf'],
    userTagsOf: BoundCache['userTagsOf'],
  ): BoundCache {
    const { shared, sharedTags } = this.options;
    const policy = this.policyFor(definition);
    const { name } = definition;
    const onOff = this.switches.of(name);
    if (shared === undefined || !policy.l2) {
      const home = this.memoryFor(policy, this.localTags);
      return new BoundCache({
        name,
        policy,
        onOff,
        keyOf,
        userTagsOf,
        near: home,
        store: home,
      });
    }
    const near = policy.l1 === false ? undefined : this.memoryFor(policy, sharedTags);
    return new BoundCache({ name, policy, onOff, keyOf, userTagsOf, near, store: shared });
  }

  private policyFor(definition: CacheDefinition): Policy {
    const { defaults, ttlOverride, isDisabled, canEncrypt } = this.options;
    const { name } = definition;
    const resolved = resolvePolicy(definition, defaults, ttlOverride(name), canEncrypt);
    return isDisabled(name) ? { ...resolved, enabled: false } : resolved;
  }

  /** The memory for caches of that policy: the common one, or one of its own where it sets limits. */
  private memoryFor({ l1 }: Policy, tags: TagTokens): NearStore {
    if (l1 !== false && (l1.maxEntries !== undefined || l1.maxBytes !== undefined)) {
      return this.addMemory({ ...this.options.memory, ...l1 }, tags);
    }
    let common = this.common.get(tags);
    if (common === undefined) {
      common = this.addMemory(this.options.memory, tags);
      this.common.set(tags, common);
    }
    return common;
  }

  private addMemory(limits: MemoryLimits, tags: TagTokens): NearStore {
    const store = this.options.makeMemory(limits, tags);
    if (!this.coherence.isArmed) store.suspend();
    this.memories.push(store);
    return store;
  }
}
