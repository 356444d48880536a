import type { RedisStatus } from '../../src/cache.redis.js';
import type { RedisConnectionOptions } from '../../src/stores/redis/redis-options.js';

/** What one process of a fault test is to do. */
export interface FaultSpec {
  readonly redis: RedisConnectionOptions;
  readonly namespace: string;
  /** URL of the Redis that is the source of truth. No fault ever befalls it. */
  readonly source: string;
  /** Which of how many processes this is. */
  readonly member: number;
  readonly members: number;
  /** How wrong this process's clock is, milliseconds. */
  readonly clockOffsetMs: number;
}

/** Times are in milliseconds since the epoch, on one clock for all processes of the machine. */
export interface Call {
  readonly way: string;
  readonly kind: 'read' | 'write';
  readonly at: number;
  /** From the call to its answer. */
  readonly ms: number;
  /** How often its own loader ran for the same item, at most: a batch may load some of its items after others. */
  readonly loads: number;
  /** How much of that its own loader was at work. */
  readonly loaderMs: number;
  /** What the call rejected with. */
  readonly error?: string;
  readonly got: readonly Got[];
}

/** A version that a read returned. */
export interface Got {
  readonly item: string;
  readonly version: number;
  /** The newest version whose eviction this process had acknowledged before the read began. */
  readonly floor: number;
}

/** An eviction that was acknowledged. */
export interface Acknowledged {
  readonly item: string;
  readonly version: number;
  readonly at: number;
}

/** What one process's load came to. */
export interface LoadReport {
  readonly calls: readonly Call[];
  readonly acknowledged: readonly Acknowledged[];
  /** Calls that were not answered when the load had been over for long. */
  readonly unanswered: readonly string[];
  /** What the engine told of its own troubles, and how often. */
  readonly problems: Readonly<Record<string, number>>;
  readonly unhandled: readonly string[];
  /** What the library has warned of, each once. */
  readonly warnings: readonly string[];
  /** What the library says of its connection at the end. */
  readonly status: RedisStatus | undefined;
  /** The most that each gauge showed. */
  readonly peak: Gauges;
  /** How far the process's timers were behind, at worst: what the machine costs, not the library. */
  readonly lagMs: number;
}

/** What a process keeps: all of it is to be as before when the fault is over. */
export interface Gauges {
  /** Reads, loads and background work in progress. */
  readonly inFlight: number;
  /** Commands that connections have sent, or hold back. */
  readonly commands: number;
  /** Bytes that connections could not send. */
  readonly unwritten: number;
  /** Connections that have not ended. */
  readonly connections: number;
  /** Evictions that wait for Redis, as far as the library tells. */
  readonly evictions: number;
}

/** Gauges, and what is alive in memory after a collection of garbage. */
export interface Footprint extends Gauges {
  readonly heapBytes: number;
}
