import { CacheError } from '../../errors.js';
import type { Gate } from '../../resilience/gate.js';
import { sampleKeys, type KeySample } from './key-sample.js';
import type { RedisClient, RedisNode } from './redis-client.js';
import { infoOf, numberIn, partOf, type Info } from './redis-info.js';
import { escapeGlob, type RedisKeys } from './redis-keys.js';
import { topologyOf } from './redis-topology.js';

/** What `CacheService.redisStats` may cost. */
export interface RedisStatisticsOptions {
  /** How long to look at keys, milliseconds. @default 1000 */
  readonly timeout?: number;
  /** Most entries to look into, of all masters together; 0 looks at no keys. @default 1000 */
  readonly sample?: number;
}

export interface RedisMemoryReport {
  /** Bytes that all masters use. */
  readonly used: number;
  /** Bytes that they may use, all together; `undefined` when one of them has no `maxmemory`. */
  readonly limit: number | undefined;
  /** Used share of the limit, on the master that is fullest; `undefined` when none has a limit. */
  readonly share: number | undefined;
  /** What Redis evicts when it is full. */
  readonly policy: string | undefined;
  /** Keys that it has evicted since its start for want of memory. */
  readonly evictedKeys: number | undefined;
}

export interface RedisClientsReport {
  readonly connected: number;
  readonly blocked: number;
}

export interface RedisCommandReport {
  readonly calls: number;
  /** What a call takes inside Redis, without the way there and back, milliseconds. */
  readonly averageMs: number;
}

export interface RedisKeysReport {
  /** Entries of this namespace. Estimated, unless all keys were looked at. */
  readonly entries: number;
  /** Whether all keys were looked at. */
  readonly complete: boolean;
  /** Entries by the name of their cache, in the same way. `undefined` when the user must not send GETRANGE. */
  readonly caches: Readonly<Record<string, number>> | undefined;
}

/** What Redis tells of itself. Of a cluster: all masters together. */
export interface RedisStatistics {
  /** How many masters were asked. */
  readonly servers: number;
  /** How long the answer to a PING took, of the slowest master, milliseconds. */
  readonly latencyMs: number;
  readonly memory?: RedisMemoryReport;
  readonly clients?: RedisClientsReport;
  /** By name of the command in lower case, since the start of Redis or the last CONFIG RESETSTAT. */
  readonly commands?: Readonly<Record<string, RedisCommandReport>>;
  readonly keys?: RedisKeysReport;
  /** What is not there since the user of the connection must not ask for it. */
  readonly missing: readonly ('memory' | 'clients' | 'commands' | 'keys')[];
}

export interface RedisSurveyParts {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly gate: Pick<Gate, 'run'>;
}

const SECTIONS = ['memory', 'clients', 'stats', 'commandstats', 'keyspace'] as const;
const TIMEOUT_MS = 1_000;
const SAMPLE = 1_000;

/** Asks Redis about itself: a few INFOs, and a bounded look at the keys. */
export class RedisSurvey {
  private readonly running = new Map<string, Promise<RedisStatistics>>();
  /** Settles with the last one that was wanted, and never rejects. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: RedisSurveyParts) {}

  /**
   * Whoever asks for the same at the same time shares one survey; others are made one after another.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` when Redis can't be asked
   */
  make({ timeout = TIMEOUT_MS, sample = SAMPLE }: RedisStatisticsOptions = {}): Promise<RedisStatistics> {
    const id = `${timeout} ${sample}`;
    const running = this.running.get(id);
    if (running !== undefined) return running;
    const made = this.last.then(() => this.survey(timeout, sample)).finally(() => this.running.delete(id));
    this.running.set(id, made);
    this.last = made.catch(() => undefined);
    return made;
  }

  private async survey(timeout: number, sample: number): Promise<RedisStatistics> {
    const until = performance.now() + timeout;
    try {
      const nodes = topologyOf(this.parts.client).masters();
      const since = performance.now();
      await this.run(() => Promise.all(nodes.map((node) => node.ping())));
      const latencyMs = performance.now() - since;
      const infos = await this.run(() => Promise.all(nodes.map((node) => infoOf(node, SECTIONS))));
      const keys = sample > 0 ? await this.keysOf(nodes, infos, sample, until) : undefined;
      const known = { memory: memoryOf(infos), clients: clientsOf(infos), commands: commandsOf(infos), keys };
      const wanted = ['memory', 'clients', 'commands', ...(sample > 0 ? (['keys'] as const) : [])] as const;
      return {
        servers: nodes.length,
        latencyMs,
        ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
        missing: wanted.filter((name) => known[name] === undefined),
      };
    } catch (error) {
      throw unavailable(error);
    }
  }

  private run<T>(act: () => Promise<T>): Promise<T> {
    return this.parts.gate.run(act, 'statistics');
  }

  private async keysOf(
    nodes: readonly RedisNode[],
    infos: readonly Info[],
    sample: number,
    until: number,
  ): Promise<RedisKeysReport | undefined> {
    const match = `${escapeGlob(this.parts.keys.entry(''))}*`;
    const limits = { match, most: Math.ceil(sample / nodes.length), until };
    const samples = await Promise.all(nodes.map((node) => sampleKeys(node, this.parts.gate, limits)));
    let entries = 0;
    const caches = new Map<string, number>();
    for (const [i, found] of samples.entries()) {
      if (found === undefined) return undefined;
      const total = partOf(infos[i]?.get(`db${nodes[i]?.options.db ?? 0}`), 'keys');
      const estimate = estimateOf(found, total);
      entries += estimate;
      for (const [cache, count] of found.caches ?? [])
        caches.set(cache, (caches.get(cache) ?? 0) + (count * estimate) / found.asked);
    }
    const isAllowed = samples.every((found) => found?.caches !== undefined);
    return {
      entries: Math.round(entries),
      complete: samples.every((found) => found?.complete === true),
      caches: isAllowed
        ? Object.fromEntries([...caches].map(([cache, count]) => [cache, Math.round(count)]))
        : undefined,
    };
  }
}

/** How many there are, if among all keys there are as many as among those that were looked at. */
function estimateOf({ found, visited, complete }: KeySample, total: number | undefined): number {
  if (complete || total === undefined || visited >= total) return found;
  return found * (total / visited);
}

function memoryOf(infos: readonly Info[]): RedisMemoryReport | undefined {
  const used = sumOf(infos, 'used_memory');
  if (used === undefined) return undefined;
  const shares = infos.flatMap((info) => {
    const limit = numberIn(info, 'maxmemory') ?? 0;
    return limit > 0 ? [(numberIn(info, 'used_memory') ?? 0) / limit] : [];
  });
  const limit = shares.length === infos.length ? sumOf(infos, 'maxmemory') : undefined;
  return {
    used,
    limit,
    share: shares.length === 0 ? undefined : Math.max(...shares),
    policy: infos[0]?.get('maxmemory_policy'),
    evictedKeys: sumOf(infos, 'evicted_keys'),
  };
}

function clientsOf(infos: readonly Info[]): RedisClientsReport | undefined {
  const connected = sumOf(infos, 'connected_clients');
  return connected === undefined ? undefined : { connected, blocked: sumOf(infos, 'blocked_clients') ?? 0 };
}

function commandsOf(infos: readonly Info[]): RedisStatistics['commands'] {
  const totals = new Map<string, { calls: number; usec: number }>();
  for (const [name, line] of infos.flatMap((info) => [...info])) {
    const command = /^cmdstat_(.+)$/.exec(name)?.[1];
    if (command === undefined) continue;
    const total = totals.get(command) ?? { calls: 0, usec: 0 };
    total.calls += partOf(line, 'calls') ?? 0;
    total.usec += partOf(line, 'usec') ?? 0;
    totals.set(command, total);
  }
  if (totals.size === 0) return undefined;
  return Object.fromEntries(
    [...totals].map(([command, { calls, usec }]) => [
      command,
      { calls, averageMs: calls === 0 ? 0 : usec / calls / 1000 },
    ]),
  );
}

function sumOf(infos: readonly Info[], name: string): number | undefined {
  const values = infos.map((info) => numberIn(info, name));
  return values.some((value) => value === undefined)
    ? undefined
    : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function unavailable(error: unknown): CacheError {
  if (error instanceof CacheError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new CacheError('CACHE_REDIS_UNAVAILABLE', `Redis can't be asked about itself: ${reason}`, {
    cause: error,
  });
}
