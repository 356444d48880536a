import type { L1Options, LeaseOptions } from '../../src/cache.options.js';
import type { Tier } from '../../src/engine/events.js';
import type { RedisConnectionOptions } from '../../src/stores/redis/redis-options.js';

/** A part of the library put out of action, to see that a test notices. */
export type Mutant =
  /** Whoever has loaded stores, whatever was evicted meanwhile. */
  | 'no store fence'
  /** An eviction ends no generation: L1 is filled and flights are joined as if nothing had happened. */
  | 'no generations'
  /** What the other processes evict is not heard. */
  | 'deaf to the bus'
  /** A tag whose token Redis has lost gets the token that it had first, as a counter would. */
  | 'tokens that repeat';

/** The engine of one process. */
export interface EngineSpec {
  readonly redis: RedisConnectionOptions;
  readonly namespace: string;
  readonly lease?: LeaseOptions;
  readonly l1?: L1Options;
  readonly mutant?: Mutant | undefined;
}

/** Which of the two caches: `items` has L1 in front of Redis, `remote` has not. */
export type CacheName = 'items' | 'remote';

/** What the loader does: it gives a value after a while, or waits for `answer` or `fail`. */
export type LoaderSpec = { readonly value: unknown; readonly afterMs?: number } | 'by message';

export interface CallSpec {
  readonly item: string;
  readonly loader: LoaderSpec;
  /** How many call at the same time. @default 1 */
  readonly callers?: number;
  /** When, milliseconds since the epoch, so that several processes begin together. @default now */
  readonly at?: number;
  /** @default 'items' */
  readonly cache?: CacheName;
}

/** What the callers of one command got. */
export interface CallReport {
  /** How often the loader of this process ran for them. */
  readonly loads: number;
  /** The different values that callers got. */
  readonly values: readonly unknown[];
  /** The different messages of errors that callers got, and how many error objects there were. */
  readonly errors: readonly string[];
  readonly errorObjects: number;
  readonly slowestMs: number;
}

export type Lookup =
  { readonly hit: false } | { readonly hit: true; readonly value: unknown; readonly tier: Tier };

/** One run of the race, in one process. */
export interface RaceSpec {
  /** Where the source of truth is: a Redis of its own. */
  readonly source: string;
  /** Which of how many processes this is. */
  readonly member: number;
  readonly members: number;
  readonly durationMs: number;
  /** How many read at the same time. */
  readonly readers: number;
  /** Longest pause of a loader before, and after, it reads the source. */
  readonly loaderMs: number;
  /** Longest pause between two writes. */
  readonly writerMs: number;
}

/** A value that was older than one whose eviction this process had acknowledged, or heard of. */
export interface Violation {
  readonly item: string;
  readonly atLeast: number;
  readonly got: number;
  readonly reader: string;
  /** How the newer one had been made known. */
  readonly after: string;
}

export interface RaceReport {
  /** How often what happened. */
  readonly figures: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** What the engine told of its own troubles. */
  readonly problems: readonly string[];
}

/** What one process would still serve, and what of it is not what the source says. */
export interface Audit {
  /** Usable entries that were found. */
  readonly usable: Readonly<Record<Tier, number>>;
  readonly stale: readonly string[];
}
