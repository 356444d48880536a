import { Logger } from '@nestjs/common';
import { constantCase, type ResolvedOptions } from './cache.options.resolved.js';
import { CacheRedis } from './cache.redis.js';
import { EventFollowers } from './cache.rules.js';
import { CacheEngine } from './engine/cache-engine.js';
import type { Clock } from './engine/clock.js';
import { CacheEvents, type CacheSwitched } from './engine/events.js';
import type { JobLeases } from './engine/job-leases.js';
import { TagTokens } from './engine/tag-tokens.js';
import { ReadTrace } from './engine/trace.js';
import { Measures } from './measures.js';
import { ProblemLog } from './problem-log.js';
import { within } from './resilience/within.js';
import type { SharedSide, TestSurroundings } from './shared-side.js';
import { MemoryStore } from './stores/memory/memory-store.js';

/** Everything of one application that works behind the facade: the engine, and Redis if there is one. */
export class CacheRuntime {
  readonly events: CacheEvents;
  readonly trace: ReadTrace;
  readonly measures = new Measures();
  readonly engine: CacheEngine;
  readonly clock: Clock;
  readonly redis: CacheRedis | undefined;
  readonly followers = new EventFollowers();
  private readonly logger = new Logger('CacheModule');
  private readonly problems = new ProblemLog(this.logger);
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  private readonly shared: SharedSide | undefined;

  /** @param testing in place of Redis, in tests */
  constructor(
    readonly options: ResolvedOptions,
    testing?: TestSurroundings,
  ) {
    const { codec, memory, defaults, ttlOverrides, disabled, lease, redis } = options;
    this.events = new CacheEvents(options.namespace);
    this.trace = new ReadTrace(this.events);
    this.events.problems.subscribe(({ operation, error }) => this.problems.report(operation, error));
    this.events.switches.subscribe((switched) => this.tell(switched));
    const onProblem = (operation: string, error: unknown) => this.report(operation, error);
    // In tests, what is said of Redis is checked, and not used.
    if (redis !== undefined && testing === undefined) {
      this.redis = new CacheRedis({
        options: { ...options, redis },
        logger: this.logger,
        events: this.events,
        onProblem,
        lastError: () => this.problems.last,
        engine: () => this.engine,
      });
    }
    this.shared = this.redis ?? testing?.sharedSide({ options, onProblem, engine: () => this.engine });
    this.clock = this.shared?.clock ?? options.clock;
    const { clock } = this;
    this.engine = new CacheEngine({
      codec,
      clock,
      memory,
      defaults,
      lease,
      patience: this.shared?.deadline ?? Infinity,
      sharedTags: this.shared?.tags ?? new TagTokens(this.clock),
      events: this.events,
      makeMemory: (limits, tags) => new MemoryStore(limits, tags, clock, codec),
      shared: this.shared?.guard,
      ttlOverride: (name) => ttlOverrides.get(constantCase(name)),
      isDisabled: (name) => disabled.has(constantCase(name)),
      // Without Redis nothing leaves this process, so there is nothing to encrypt.
      canEncrypt: options.redis === undefined || options.keyRing !== undefined,
    });
    testing?.observe(this);
  }

  /** Where entries are kept, in words. */
  get description(): string {
    return this.redis?.connection.description ?? 'in memory of this process';
  }

  /** The right to run jobs; none is needed where there is one instance. */
  get jobs(): JobLeases | undefined {
    return this.redis?.jobs;
  }

  /** Tries to reach Redis; resolves when that succeeded, failed, or took too long. */
  open(): Promise<void> {
    this.opening ??= this.shared?.open() ?? Promise.resolve();
    return this.opening;
  }

  /** Waits for work in progress, for as long as the options say, and hangs up. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** What the options say of a cache that does not exist is for a misspelt one, or one that comes later. */
  warnOfUnusedOverrides(): void {
    const names = new Set([...this.engine.caches].map(({ name }) => constantCase(name)));
    const { ttlOverrides, disabled } = this.options;
    for (const name of ttlOverrides.keys()) {
      if (!names.has(name))
        this.logger.warn(`A ttl is set for cache ${name}, but no cache has that name so far.`);
    }
    for (const name of disabled) {
      if (!names.has(name))
        this.logger.warn(`Cache ${name} is to be disabled, but no cache has that name so far.`);
    }
  }

  /**
   * Enables or disables all caches of a name: here at once, and for all instances when they can be told.
   *
   * @throws CacheError `CACHE_INVALID_USE` when no cache in use has that name
   */
  async turn(name: string, enabled: boolean): Promise<void> {
    this.engine.turn(name, enabled);
    await this.shared?.turned(name);
  }

  report(operation: string, error: unknown): void {
    this.events.problems.emit({ operation, error });
  }

  private tell({ cache, enabled }: CacheSwitched): void {
    if (enabled) this.logger.log(`Cache ${cache} is enabled, as was said at run time.`);
    else
      this.logger.warn(`Cache ${cache} is disabled, as was said at run time: its calls go to their loaders.`);
  }

  private async end(): Promise<void> {
    await within(this.options.shutdownDeadline, this.engine.background.drain());
    await this.shared?.close();
  }
}
