import { Around } from './around.js';
import { Channel } from './channel.js';

/** Which tier answered: the process's own memory, or Redis. */
export type Tier = 'l1' | 'l2';

/** What one read of a cache came to. The one source for headers, statistics and tests. */
export interface CacheRead {
  /** Name of the cache. */
  readonly cache: string;
  /** The entry's key, without the namespace. */
  readonly key: string;
  /**
   * `hit`: a fresh entry. `stale`: an entry past its ttl, served while it is refreshed or because its reload
   * failed. `miss`: the loader ran, or there was nothing. `bypass`: the cache is disabled, or the call was
   * told to pass it by.
   */
  readonly outcome: 'hit' | 'stale' | 'miss' | 'bypass';
  /** Where a hit or stale entry came from. */
  readonly tier?: Tier;
  /** Whether the caller shared another caller's read or load. */
  readonly coalesced: boolean;
}

/** A read, with how long the caller has waited for it. */
export interface MeasuredRead extends CacheRead {
  /** Milliseconds. */
  readonly duration: number;
}

/** A loader has run. One that loads many entries with one call has run for each of them. */
export interface CacheLoad {
  readonly cache: string;
  readonly key: string;
  /** Milliseconds; of a call for many entries, those of the whole call. */
  readonly duration: number;
  readonly failed: boolean;
}

/** An entry has been stored where all instances find it. */
export interface CacheStored {
  readonly cache: string;
  readonly key: string;
  readonly by: 'load' | 'put';
  /** Size of the encoded value. */
  readonly bytes: number;
  /** The tags that evict it, without those that all entries carry. */
  readonly tags: readonly string[];
}

/** Something has been evicted. */
export interface CacheEviction {
  /** `cache`: all of one; `all`: the namespace. */
  readonly kind: 'key' | 'tag' | 'pattern' | 'cache' | 'all';
  /** The key, the tag, the pattern's text, or the cache's name; `''` for `all`. */
  readonly what: string;
  /** `elsewhere`: another instance did it, and this one was told. */
  readonly origin: 'here' | 'elsewhere';
}

/** Something went wrong that no caller is told about, since the call itself could be answered. */
export interface CacheProblem {
  /** What was being done, such as `store` or `refresh`. Never holds keys or values. */
  readonly operation: string;
  readonly error: unknown;
}

/** A cache was turned on or off at run time, here or by another instance. */
export interface CacheSwitched {
  /** Name of the cache. */
  readonly cache: string;
  readonly enabled: boolean;
}

/** An operation on Redis is over. Those that are not tried, since Redis is known to be away, are not told. */
export interface RedisOperation {
  /** What was done, such as `read` or `store`: one of a few words, and not the name of a command. */
  readonly operation: string;
  /** Milliseconds; its deadline at most. */
  readonly duration: number;
  /** `refused`: Redis answered that it won't. `late`: no answer in time. `failed`: the connection broke. */
  readonly result: 'ok' | 'refused' | 'late' | 'failed';
}

/** Where a warmup stands. Counts are of items. */
export interface CacheWarmupEvent {
  /** Name of the warmup. */
  readonly warmup: string;
  /** `progress`: from time to time. `skipped`: a run that was due is not run here, and `reason` says why. */
  readonly kind: 'started' | 'progress' | 'finished' | 'skipped';
  /** What it runs for: its time, the start of the application, `run`, or an event. */
  readonly trigger: 'schedule' | 'boot' | 'hand' | 'event';
  readonly done: number;
  readonly failed: number;
  /** How many items there are, where that is known. */
  readonly total: number | undefined;
  /** Milliseconds since it began. */
  readonly duration: number;
  /**
   * Of one that is finished. `done`: it has been through all items, whether they succeeded or not. `failed`: its
   * method did not give them. `stopped`: the application ends, or another instance runs it.
   */
  readonly outcome?: 'done' | 'failed' | 'stopped';
  /** In words, without keys and values. */
  readonly reason?: string;
}

/** What the bus came to: whether this instance hears the others, and how long a message takes. */
export type BusEvent =
  | { readonly kind: 'armed' }
  | {
      readonly kind: 'broken';
      /** None when it is wanted: the application ends. */
      readonly reason: string | undefined;
    }
  | {
      readonly kind: 'lag';
      /** `message`: one that this instance sent came back to it. `heartbeat`: its subscription was asked for a sign of life. */
      readonly by: 'message' | 'heartbeat';
      /** Milliseconds from sending to hearing. */
      readonly duration: number;
    };

/** The circuit breaker opened, closed, or tries. */
export interface BreakerEvent {
  readonly state: 'closed' | 'open' | 'half-open';
}

/** The connection for commands came or went. */
export interface ConnectionEvent {
  readonly state: 'ready' | 'lost';
}

/** Evictions that could not reach Redis now wait, or have been made good. */
export interface QueueEvent {
  readonly kind: 'queued' | 'replayed';
  /** How many. */
  readonly count: number;
}

/** Bytes that are no usable entry were found, or a value was not stored since it can't be. */
export interface CodecEvent {
  readonly kind: 'invalid' | 'refused';
  /** Name of the cache. */
  readonly cache: string;
}

/**
 * Everything that can be listened to, by the name of its channel: with `CacheService.observe`, or on the channel
 * `nestjs-roost:<name>` of `node:diagnostics_channel`, where messages also have the `namespace`. Features add their own.
 */
export interface CacheTelemetry {
  read: MeasuredRead;
  load: CacheLoad;
  store: CacheStored;
  evict: CacheEviction;
  switch: CacheSwitched;
  problem: CacheProblem;
  redis: RedisOperation;
  bus: BusEvent;
  breaker: BreakerEvent;
  connection: ConnectionEvent;
  queue: QueueEvent;
  codec: CodecEvent;
  warmup: CacheWarmupEvent;
}

/** A loader that is about to run. */
export interface LoadBegun {
  readonly cache: string;
  /** The keys that are loaded: more than one where one call loads many. */
  readonly keys: readonly string[];
}

/** What the engine tells about itself. */
export class CacheEvents {
  readonly problems: Channel<CacheProblem>;
  readonly reads: Channel<MeasuredRead>;
  readonly loads: Channel<CacheLoad>;
  readonly stores: Channel<CacheStored>;
  readonly evictions: Channel<CacheEviction>;
  readonly switches: Channel<CacheSwitched>;
  readonly warmups: Channel<CacheWarmupEvent>;
  readonly redis: Channel<RedisOperation>;
  readonly codec: Channel<CodecEvent>;
  readonly aroundLoads: Around<LoadBegun>;
  readonly aroundRedis: Around<Pick<RedisOperation, 'operation'>>;
  private readonly channels = new Map<string, unknown>();

  /** @param namespace stands in what is published on `node:diagnostics_channel` */
  constructor(private readonly namespace = '') {
    this.problems = this.of('problem');
    this.reads = this.of('read');
    this.loads = this.of('load');
    this.stores = this.of('store');
    this.evictions = this.of('evict');
    this.switches = this.of('switch');
    this.warmups = this.of('warmup');
    this.redis = this.of('redis');
    this.codec = this.of('codec');
    const onThrow = (error: unknown) => this.problems.emit({ operation: 'listener', error });
    this.aroundLoads = new Around(onThrow);
    this.aroundRedis = new Around(onThrow);
  }

  /** The channel of that name. Features add theirs to `CacheTelemetry`. */
  of<Name extends keyof CacheTelemetry>(name: Name): Channel<CacheTelemetry[Name]> {
    const known = this.channels.get(name);
    if (known !== undefined) return known as Channel<CacheTelemetry[Name]>;
    // Who throws while hearing of a problem can't be told of that one, too.
    const onThrow = (error: unknown) => {
      if (name !== 'problem') this.problems.emit({ operation: 'listener', error });
    };
    const made = new Channel<CacheTelemetry[Name]>(name, this.namespace, onThrow);
    this.channels.set(name, made);
    return made;
  }
}
