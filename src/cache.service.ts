import { Inject, Injectable } from '@nestjs/common';
import { Cache } from './cache-handle.js';
import { CacheRuntime } from './cache.runtime.js';
import {
  statisticsOf,
  type RedisStatistics,
  type RedisStatisticsOptions,
  type Statistics,
} from './cache.statistics.js';
import type { RedisStatus } from './cache.redis.js';
import type { CacheEventName, CachePayload } from './cache-events.js';
import type { CacheDefinition } from './definition/define-cache.js';
import { describeType } from './definition/describe-type.js';
import { faultOfTags } from './definition/tag-text.js';
import type { Evictable } from './definition/target.js';
import type { CacheKey, CachePattern, CacheTag } from './definition/template.js';
import { EVERYTHING } from './engine/bound-cache.js';
import type { CacheEvents, CacheRead, CacheTelemetry } from './engine/events.js';
import type { EntryReport } from './engine/inspect.js';
import { CacheError } from './errors.js';
import { splitOptions, type EvictOptions } from './evict-options.js';
import { evictEach } from './evictables.js';
import { refuseTimeout } from './known-options.js';
import type { Measures } from './measures.js';
import type { RedisReport } from './stores/redis/redis-checkup.js';
import { CACHE_RUNTIME } from './tokens.js';

/** All caches of the application. Inject it where a method needs more than its decorators say. */
@Injectable()
export class CacheService {
  private readonly handles = new WeakMap<CacheDefinition, unknown>();

  constructor(@Inject(CACHE_RUNTIME) private readonly runtime: CacheRuntime) {}

  /**
   * The cache of a definition, ready for use. The same definition gives the same handle.
   *
   * @throws CacheError `CACHE_INVALID_OPTION` when the definition's policy breaks a rule, `CACHE_INVALID_USE`
   * when another definition has its name
   */
  cache<Args extends readonly unknown[], Value>(
    definition: CacheDefinition<Args, Value>,
  ): Cache<Args, Value> {
    const known = this.handles.get(definition);
    if (known !== undefined) return known as Cache<Args, Value>;
    const { engine, clock } = this.runtime;
    const handle = new Cache<Args, Value>(engine, engine.bind(definition), () => clock.now());
    this.handles.set(definition, handle);
    return handle;
  }

  /**
   * Evicts every entry that carries one of the tags, however many there are, at the cost of two commands, one of
   * them the message to other instances; on a cluster, one more for each tag. Loads under way can't bring back what they
   * read before.
   *
   * @param tagsAndOptions tags; `{ strict: true }` behind them rejects when Redis can't be reached, see `Cache.evict`
   * @throws CacheError `CACHE_INVALID_KEY` for what the `tag` template did not make; `CACHE_REDIS_UNAVAILABLE` with
   * `strict` only
   */
  async evictTags(
    ...tagsAndOptions: readonly CacheTag[] | readonly [...CacheTag[], EvictOptions]
  ): Promise<void> {
    const [tags, how] = splitOptions(tagsAndOptions, 0);
    const fault = faultOfTags(tags);
    if (fault !== undefined) {
      throw new CacheError(
        'CACHE_INVALID_KEY',
        `Expected \`evictTags\` to get tags that the template makes, got ${fault}. ` +
          'Write for example evictTags(tag`bot:${id}`).',
      );
    }
    await this.runtime.engine.calls.evictTags(tags as readonly CacheTag[], how);
  }

  /**
   * Evicts every entry whose key matches, and returns how many there were (inside a `transaction` 0, as none is
   * evicted yet). It looks at every key of the
   * Redis database (SCAN), so prefer tags where evictions are frequent.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with `strict` only, see `Cache.evict`
   */
  evictPattern(pattern: CachePattern, how?: EvictOptions): Promise<number> {
    return this.runtime.engine.calls.evictMatching(pattern, how);
  }

  /**
   * Evicts all that it is given: tags, patterns, entries (`botDetails.at(botId)`), whole caches (`botList.all()`).
   *
   * @param evictablesAndOptions `{ strict: true }` behind them rejects when Redis can't be reached, see `Cache.evict`
   * @throws CacheError `CACHE_INVALID_KEY` for what is none of it, and then nothing is evicted;
   * `CACHE_REDIS_UNAVAILABLE` with `strict` only
   */
  async evict(
    ...evictablesAndOptions: readonly Evictable[] | readonly [...Evictable[], EvictOptions]
  ): Promise<void> {
    const [list, how] = splitOptions(evictablesAndOptions, 0);
    await evictEach(this.runtime.engine, list, '`evict`', how);
  }

  /**
   * Evicts what the module's `rules` say that an event makes obsolete. Who emits it need not know what is cached.
   * After that, warmups that run on the event begin in the background.
   *
   * @throws CacheError `CACHE_INVALID_USE` when there is no rule for it, and no warmup; what the rule throws
   */
  async emit<Event extends CacheEventName>(event: Event, ...[payload]: CachePayload<Event>): Promise<void> {
    const { engine, followers, options } = this.runtime;
    const evictables = await options.rules.evictedBy(event, payload, followers.isFollowed(event));
    await evictEach(engine, evictables, `the rule for '${event as string}'`, undefined);
    engine.calls.whenFinal(() => followers.tell(event, payload));
  }

  /** Evicts every entry of this namespace, and nothing of anybody else's. */
  clear(how?: EvictOptions): Promise<void> {
    return this.runtime.engine.calls.evictTags([EVERYTHING], how);
  }

  /**
   * Runs `work`, such as a transaction of the database. Evictions and puts inside wait until it has resolved, and the
   * promise resolves when they are carried out; if it throws, they are dropped. Inside, reads skip what has been
   * evicted, see what has been put, and store nothing of what they load, since it may never be committed. One inside
   * another joins it; if the inner one throws, only what was done in it is dropped.
   *
   * What is evicted after the end, by work that nobody has waited for, is evicted at once.
   *
   * @example
   * await cacheService.transaction(() => db.transaction(async (tx) => { … }))
   *
   * @throws what `work` throws; CacheError `CACHE_INVALID_USE` when that is no function, `CACHE_REDIS_UNAVAILABLE` when an eviction inside asked to be `strict`:
   * then the work is done, and other evictions and puts are, too
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (typeof work !== 'function') {
      throw new CacheError(
        'CACHE_INVALID_USE',
        `Expected \`transaction\` to get a function that does the work, got ${describeType(work)}. ` +
          'Write for example transaction(() => db.transaction(async (tx) => { … })).',
      );
    }
    return this.runtime.engine.transaction(work);
  }

  /**
   * Disables a cache at run time: its reads pass it by, its puts evict and store nothing, and evictions happen as ever.
   * What it has stored stays, and is served again, if it is still valid, once the cache is enabled.
   *
   * In this process that holds at once, and for all instances of the namespace, those that start later too, when Redis
   * has it. The promise resolves then. If Redis can't be reached it resolves as well, and Redis is told as soon as it
   * can be.
   *
   * @param name of a cache in use
   * @throws CacheError `CACHE_INVALID_USE` when no cache in use has that name
   */
  disable(name: string): Promise<void> {
    return this.runtime.turn(name, false);
  }

  /**
   * Enables a cache at run time, in the same way as {@link disable}. What was said last at run time wins over the
   * options and the definition, so this also enables a cache that these disable.
   *
   * @param name of a cache in use
   * @throws CacheError `CACHE_INVALID_USE` when no cache in use has that name
   */
  enable(name: string): Promise<void> {
    return this.runtime.turn(name, true);
  }

  /** What is stored under a key, in each tier, without its value: for people who wonder. */
  inspect(key: CacheKey): Promise<EntryReport> {
    return this.runtime.engine.inspect(key);
  }

  /**
   * What reads, loads and memory of this process came to: since the start, and in the last 1, 5 and 15 minutes. Costs
   * calls nothing, and asks nobody.
   */
  stats(): Statistics {
    return statisticsOf(this.runtime.engine, this.runtime.clock.now());
  }

  /**
   * What Redis says of itself, of its clients and commands, and how many entries each cache has in it, estimated from
   * a sample. `undefined` when the module runs in memory. What the user of the connection may not ask is missing.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` when Redis can't be asked
   */
  async redisStats(options?: RedisStatisticsOptions): Promise<RedisStatistics | undefined> {
    return this.runtime.redis?.survey.make(options);
  }

  /**
   * Listens to what the caches of this application do, see {@link CacheTelemetry}. While somebody listens to `read`,
   * each read costs a little more. What a listener throws is logged, and changes nothing.
   *
   * @returns the function that stops it
   */
  observe<Name extends keyof CacheTelemetry>(
    name: Name,
    listener: (event: CacheTelemetry[Name]) => void,
  ): () => void {
    return this.runtime.events.of(name).subscribe(listener);
  }

  /**
   * Runs `work` and collects a record of every cache read that is made inside it, in the order in which they
   * ended. The way to a header, a log line or a test that tells where a response came from.
   */
  trace<T>(work: () => Promise<T>): Promise<{ result: T; reads: readonly CacheRead[] }> {
    return this.runtime.trace.run(work);
  }

  /**
   * Asks Redis for a sign of life. `undefined` when the module runs in memory.
   *
   * @param timeoutMs longest wait, milliseconds
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async ping(timeoutMs = 200): Promise<{ readonly latencyMs: number } | undefined> {
    refuseTimeout(timeoutMs, 'the timeout of a ping');
    const { redis } = this.runtime;
    return redis && { latencyMs: await redis.connection.ping(timeoutMs) };
  }

  /**
   * Looks whether Redis answers (PING, on a cluster of every master), and can be written to and read; with memory and
   * role, where the user may see them (INFO). Whoever asks at the same time shares one look. `undefined` when the module
   * runs in memory.
   *
   * @param timeoutMs longest wait, milliseconds
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async checkRedis(timeoutMs = 200): Promise<RedisReport | undefined> {
    refuseTimeout(timeoutMs, 'the timeout of a check of Redis');
    return this.runtime.redis?.checkup.run(timeoutMs);
  }

  /** How it stands with Redis, for people who wonder; `undefined` when the module runs in memory. Asks nobody. */
  status(): RedisStatus | undefined {
    return this.runtime.redis?.status();
  }

  /** Resolves when the first attempt to reach Redis is over, successful or not. Nest waits for it at start. */
  ready(): Promise<void> {
    return this.runtime.open();
  }

  /** Waits for background work, as long as `shutdownDeadline` says, and hangs up. Nest calls it at shutdown. */
  close(): Promise<void> {
    return this.runtime.close();
  }

  /** Tells those who {@link observe}. For features. @internal */
  tell<Name extends keyof CacheTelemetry>(name: Name, event: CacheTelemetry[Name]): void {
    this.runtime.events.of(name).emit(event);
  }

  /** What features measure beside the statistics. @internal */
  get measures(): Measures {
    return this.runtime.measures;
  }

  /** What is called around loads, and around operations on Redis. @internal */
  get around(): Pick<CacheEvents, 'aroundLoads' | 'aroundRedis'> {
    return this.runtime.events;
  }

  /** Logs, at most every few seconds, what went wrong without failing a call. For the decorators. @internal */
  reportProblem(operation: string, error: unknown): void {
    this.runtime.report(operation, error);
  }
}
