import { newToken } from '../../engine/token.js';
import type { RedisConnection } from './redis-connection.js';
import { infoOf, numberIn, type Info } from './redis-info.js';
import { topologyOf } from './redis-topology.js';

/** How long the key of a check lives that could not be removed, milliseconds. */
const PROBE_LIFE_MS = 10_000;
const SECTIONS = ['memory', 'replication'] as const;

/** What a look at Redis has found. What the user is not allowed to see is missing. */
export interface RedisReport {
  /** How long PING took, milliseconds; on a cluster of the slowest master. */
  readonly latencyMs: number;
  /** `replica` when what is connected takes no writes of its own. */
  readonly role?: 'master' | 'replica';
  /** Of the fullest server. */
  readonly memory?: {
    readonly usedBytes: number;
    /** `maxmemory`; missing when there is no limit. */
    readonly maxBytes?: number;
  };
}

/** Looks whether Redis answers, and can be written to and read. Whoever asks at the same time shares one look. */
export class RedisCheckup {
  private running: Promise<RedisReport> | undefined;

  constructor(
    private readonly connection: RedisConnection,
    /** The key that is written, of this instance alone. */
    private readonly key: string,
  ) {}

  /**
   * @param timeoutMs longest wait
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with the reason
   */
  async run(timeoutMs: number): Promise<RedisReport> {
    this.running ??= this.look().finally(() => {
      this.running = undefined;
    });
    return this.connection.within(timeoutMs, this.running);
  }

  private async look(): Promise<RedisReport> {
    const masters = topologyOf(this.connection.client).masters();
    const since = performance.now();
    await Promise.all(masters.map((master) => master.ping()));
    const latencyMs = performance.now() - since;
    const [infos] = await Promise.all([
      Promise.all(masters.map((master) => infoOf(master, SECTIONS))),
      this.writeAndRead(),
    ]);
    const memory = fullest(infos);
    const role = infos.map((info) => info.get('role')).find((known) => known !== undefined);
    return {
      latencyMs,
      ...(role !== undefined && { role: role === 'master' ? 'master' : 'replica' }),
      ...(memory !== undefined && { memory }),
    };
  }

  private async writeAndRead(): Promise<void> {
    const { client } = this.connection;
    const written = newToken();
    await client.set(this.key, written, 'PX', PROBE_LIFE_MS);
    const read = await client.get(this.key);
    await client.unlink(this.key);
    if (read !== written) throw new Error('what was written could not be read');
  }
}

function fullest(infos: readonly Info[]): RedisReport['memory'] {
  const memories = infos.flatMap((info) => {
    const used = numberIn(info, 'used_memory');
    return used === undefined ? [] : [{ used, max: numberIn(info, 'maxmemory') || Infinity }];
  });
  const [first] = memories.toSorted((a, b) => b.used / b.max - a.used / a.max || b.used - a.used);
  return first && { usedBytes: first.used, ...(first.max !== Infinity && { maxBytes: first.max }) };
}
