import type { Logger } from '@nestjs/common';
import type { ResolvedOptions } from './cache.options.resolved.js';
import { Sealer } from './codec/sealer.js';
import type { Invalidation } from './engine/bus.js';
import type { CacheEngine } from './engine/cache-engine.js';
import type { CacheEvents } from './engine/events.js';
import { systemClock, type Clock } from './engine/clock.js';
import type { LoadEnding } from './engine/load-waiters.js';
import { TagTokens } from './engine/tag-tokens.js';
import type { BreakerState } from './resilience/circuit-breaker.js';
import { Gate } from './resilience/gate.js';
import { GuardedStore } from './resilience/guarded-store.js';
import { SwitchSync } from './resilience/switch-sync.js';
import { within } from './resilience/within.js';
import type { SharedSide } from './shared-side.js';
import { RedisBus } from './stores/bus/redis-bus.js';
import { RedisCheckup } from './stores/redis/redis-checkup.js';
import { RedisConnection } from './stores/redis/redis-connection.js';
import { RedisJobLeases } from './stores/redis/redis-job-leases.js';
import { RedisKeys } from './stores/redis/redis-keys.js';
import type { ResolvedRedis } from './stores/redis/redis-options.js';
import { RedisSurvey } from './stores/redis/redis-survey.js';
import { RedisStore } from './stores/redis/redis-store.js';
import { RedisSwitches } from './stores/redis/redis-switches.js';
import { topologyOf } from './stores/redis/redis-topology.js';
import { ServerClock } from './stores/redis/server-clock.js';

/** How long the first attempt to reach Redis may hold up the start of the application, milliseconds. */
const FIRST_ATTEMPT_MS = 1500;
/** How long the last evictions, and then QUIT, may take before the connection is cut, milliseconds. */
const QUIT_MS = 200;

/** How it stands with Redis. Times are milliseconds since the epoch. */
export interface RedisStatus {
  /** Whether there is a connection for commands, and since when there is, or is not. */
  readonly connection: { readonly state: 'ready' | 'lost'; readonly since: number };
  /** `open` while nothing is asked because too much has failed; `half-open` while a probe is on its way. */
  readonly breaker: { readonly state: BreakerState; readonly since: number };
  /** Whether this instance hears what the others evict; while it does not, its memory is off. */
  readonly bus: { readonly state: 'armed' | 'broken'; readonly since: number };
  /** Evictions that wait for Redis. */
  readonly queuedEvictions: number;
  /** What failed last, without keys and values. */
  readonly lastError: { readonly text: string; readonly at: number } | undefined;
}

export interface CacheRedisParts {
  readonly options: ResolvedOptions & { readonly redis: ResolvedRedis };
  readonly logger: Pick<Logger, 'log' | 'warn'>;
  readonly events: CacheEvents;
  readonly onProblem: (operation: string, error: unknown) => void;
  readonly lastError: () => RedisStatus['lastError'];
  /** The engine, which needs what is made here before it can be made itself. */
  readonly engine: () => CacheEngine;
}

/** Everything of one application that has to do with Redis. */
export class CacheRedis implements SharedSide {
  readonly connection: RedisConnection;
  readonly gate: Gate;
  readonly guard: GuardedStore;
  readonly bus: RedisBus;
  readonly checkup: RedisCheckup;
  readonly switches: SwitchSync;
  readonly survey: RedisSurvey;
  /** The right to run warmups. */
  readonly jobs: RedisJobLeases;
  /** Redis's own, unless the application has given one. */
  readonly clock: Clock;
  /** What this process knows of the tags in Redis. */
  readonly tags: TagTokens;
  private readonly serverClock: ServerClock | undefined;
  private breakerSince = Date.now();
  private isOpenLogged = false;
  private connectionTold: 'ready' | 'lost' | undefined;

  constructor(private readonly parts: CacheRedisParts) {
    const { options, onProblem, events } = parts;
    const keys = new RedisKeys(options.namespace);
    this.connection = new RedisConnection(options.redis, {
      ready: () => this.connected(),
      lost: (error) => this.lost(error),
      replaced: () => this.replaced(),
    });
    const { client } = this.connection;
    this.gate = new Gate({
      connection: this.connection,
      deadline: options.redis.deadline,
      onBreaker: (state) => this.tellBreaker(state),
      events,
    });
    this.bus = this.makeBus(keys.bus);
    this.checkup = new RedisCheckup(this.connection, keys.probe(this.bus.instance));
    this.switches = new SwitchSync({
      switches: () => parts.engine().switches,
      shared: new RedisSwitches(client, keys, () => this.bus.switchedMessage),
      gate: this.gate,
      onProblem,
    });
    this.survey = new RedisSurvey({ client, keys, gate: this.gate });
    this.jobs = new RedisJobLeases(client, keys, (act) => this.gate.run(act));
    if (options.clock === systemClock)
      this.serverClock = new ServerClock(() => topologyOf(client).home(keys.bus));
    this.clock = this.serverClock ?? options.clock;
    this.tags = TagTokens.forEntries(options.memory.maxEntries, this.clock);
    this.guard = new GuardedStore({
      inner: this.makeStore(keys),
      bus: this.bus,
      gate: this.gate,
      onProblem,
      onQueued: (what) => events.of('queue').emit({ kind: 'queued', count: countOf(what) }),
      onReplayed: (what) => this.replayed(what),
    });
  }

  get deadline(): number {
    return this.parts.options.redis.deadline;
  }

  turned(name: string): Promise<void> {
    return this.switches.turned(name);
  }

  /** Tries to reach Redis; resolves when that succeeded, failed, or took too long. */
  async open(): Promise<void> {
    for (const warning of this.parts.options.redis.warnings) this.parts.logger.warn(warning);
    // One after the other: where the bus of a cluster is, is known when the cluster is, and the switches are asked for
    // by then.
    const opening = this.connection
      .open()
      .then(() => this.bus.open())
      .then(() => this.switches.settled());
    await within(FIRST_ATTEMPT_MS, opening);
  }

  async close(): Promise<void> {
    this.serverClock?.stop();
    this.switches.close();
    const untold = this.switches.pending;
    if (untold.length > 0)
      this.parts.logger.warn(`Cache switches that had not reached Redis are lost: ${untold.join(', ')}`);
    const lost = await this.guard.close(QUIT_MS);
    if (lost > 0) this.parts.logger.warn(`Cache evictions that had not reached Redis are lost: ${lost}`);
    this.gate.close();
    this.bus.close();
    await this.connection.close(QUIT_MS);
  }

  status(): RedisStatus {
    const { connection, bus, gate, guard } = this;
    return {
      connection: { state: connection.ready ? 'ready' : 'lost', since: connection.since },
      breaker: { state: gate.breakerState, since: this.breakerSince },
      bus: { state: bus.armed ? 'armed' : 'broken', since: bus.changedAt },
      queuedEvictions: guard.queued,
      lastError: this.parts.lastError(),
    };
  }

  private makeBus(channel: string): RedisBus {
    const { engine, logger } = this.parts;
    const { connection } = this;
    const listener = {
      invalidated: (invalidation: Invalidation) => engine().coherence.invalidated(invalidation),
      loadEnded: (key: string, ending: LoadEnding) => engine().coherence.loadEnded(key, ending),
      armed: () => {
        engine().coherence.armed();
        // A message may have been missed.
        void this.switches.sync();
      },
      switched: () => void this.switches.sync(),
      broken: (reason?: string) => {
        if (reason !== undefined)
          logger.warn(`Cache bus interrupted: ${reason}. Memory of this process is off until it is back.`);
        engine().coherence.broken();
      },
    };
    return new RedisBus(connection.client, connection.subscriber(), channel, listener, {
      doubt: () => connection.doubt(),
      onProblem: this.parts.onProblem,
      events: this.parts.events.of('bus'),
    });
  }

  private makeStore(keys: RedisKeys): RedisStore {
    const { options, engine, onProblem, events } = this.parts;
    const { keyRing, maxEntryBytes } = options;
    const { bus, tags } = this;
    return new RedisStore({
      client: this.connection.client,
      keys,
      clock: this.clock,
      sealer: new Sealer({ keyRing, maxEntryBytes, rulesOf: (cache) => engine().policyOf(cache) }),
      onProblem,
      onRefused: (cache) => events.codec.emit({ kind: 'refused', cache }),
      known: {
        get age() {
          return tags.age;
        },
        confirmed: (tag, now) => (bus.armed ? tags.confirmed(tag, now) : undefined),
        confirm: (tag, token) => tags.confirm(tag, token),
        forget: (tag) => tags.forget(tag),
      },
      loadEndedMessage: (key, ending) => bus.loadEndedMessage(key, ending),
    });
  }

  private connected(): void {
    const { logger, options } = this.parts;
    this.tellConnection('ready');
    logger.log(`Cache uses ${this.connection.description}, namespace ${options.namespace}`);
    this.gate.connected();
    void this.serverClock?.start();
    void this.guard.connected();
    void this.switches.sync();
  }

  /** Another server may have lost what was written last. */
  private replaced(): void {
    void this.guard.connected();
    void this.switches.sync();
  }

  /** What was evicted late has other tokens from now on; those that are known here are the old ones. */
  private replayed(what: Invalidation): void {
    this.parts.engine().coherence.invalidated(what);
    const count = countOf(what);
    this.parts.events.of('queue').emit({ kind: 'replayed', count });
    this.parts.logger.log(`Cache evictions that had not reached Redis have been made good: ${count}`);
  }

  private tellBreaker(state: BreakerState): void {
    this.breakerSince = Date.now();
    this.parts.events.of('breaker').emit({ state });
    const wasOpen = this.isOpenLogged;
    this.logBreaker(state);
    if (state !== 'closed') return;
    void this.guard.catchUp();
    // After a moment of silence they are as they were; and where their server is the one that is silent, asking for
    // them each time would be the next silence.
    if (wasOpen) void this.switches.sync();
  }

  /** Not a line for a moment of silence, in which it only probes. */
  private logBreaker(state: BreakerState): void {
    const { logger } = this.parts;
    if (state === 'open' && !this.isOpenLogged) {
      logger.warn(
        'Redis fails too often: calls go to their loaders without asking it until it answers again.',
      );
      this.isOpenLogged = true;
    } else if (state === 'closed' && this.isOpenLogged) {
      logger.log('Redis answers again: the cache uses it.');
      this.isOpenLogged = false;
    }
  }

  private lost(error: Error | undefined): void {
    this.tellConnection('lost');
    this.parts.logger.warn(this.lostMessage(error));
  }

  /** Once for each change: why it is lost may be told several times. */
  private tellConnection(state: 'ready' | 'lost'): void {
    if (state === this.connectionTold) return;
    this.connectionTold = state;
    this.parts.events.of('connection').emit({ state });
  }

  private lostMessage(error: Error | undefined): string {
    const reason = error === undefined ? 'connection closed' : error.message.replace(/\.$/, '');
    return (
      `Cache can't reach ${this.connection.description}: ${reason}. Calls go to their loaders until it is back; ` +
      'connecting again by itself.'
    );
  }
}

function countOf({ keys = [], tags = [], patterns = [] }: Invalidation): number {
  return keys.length + tags.length + patterns.length;
}
