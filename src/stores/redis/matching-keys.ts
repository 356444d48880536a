import type { CachePattern } from '../../definition/template.js';
import type { Progress } from '../../engine/deadlines.js';
import type { RedisClient } from './redis-client.js';
import { escapeGlob, type RedisKeys } from './redis-keys.js';
import type { RedisTopology, ScannableNode } from './redis-topology.js';

/** How many keys one command looks at, or removes: it is done in a fraction of a millisecond, and others get a turn. */
const STEP = 500;

/** Finds entries and leases by pattern: among all keys of the database, on every master. */
export class MatchingKeys {
  constructor(
    private readonly client: RedisClient,
    private readonly topology: RedisTopology,
    private readonly keys: RedisKeys,
  ) {}

  /**
   * Removes entries and leases whose key matches.
   *
   * @param progress called after each step: how many there are depends on the size of the database
   * @returns how many entries there were
   */
  async evict(pattern: CachePattern, progress: Progress = () => undefined): Promise<number> {
    // Leases first: a load that ends between the two passes finds its lease gone, or its entry is found.
    const leases = `${escapeGlob(this.keys.leasePrefix(pattern.prefix))}*`;
    const entries = `${escapeGlob(this.keys.entry(pattern.prefix))}*`;
    let evicted = 0;
    const evict = async (names: readonly string[], keyOf: (name: string) => string) => {
      const keys = names.map(keyOf).filter((key) => pattern.matches(key));
      progress();
      // A scan may find more than it was to look at.
      for (let from = 0; from < keys.length; from += STEP) {
        const removed = await this.remove(keys.slice(from, from + STEP));
        // Only now: other masters have been counted meanwhile.
        evicted += removed;
        progress();
      }
    };
    await this.scan(leases, (names) => evict(names, (name) => this.keys.keyOfLease(name)));
    await this.scan(entries, (names) => evict(names, (name) => this.keys.keyOfEntry(name)));
    return evicted;
  }

  /** Removes entries with their leases; tells how many entries there were. */
  private async remove(keys: readonly string[]): Promise<number> {
    const [, entries] = await Promise.all([
      this.unlink(keys.map((key) => this.keys.lease(key))),
      this.unlink(keys.map((key) => this.keys.entry(key))),
    ]);
    return entries;
  }

  private async unlink(names: readonly string[]): Promise<number> {
    const counts = this.topology
      .groups(names)
      .map((positions) => this.client.unlink(positions.map((position) => names[position] ?? '')));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  private async scan(match: string, found: (names: readonly string[]) => Promise<void>): Promise<void> {
    const scan = async (node: ScannableNode) => {
      let cursor = '0';
      do {
        const [next, names] = await node.scan(cursor, 'MATCH', match, 'COUNT', STEP);
        cursor = next;
        await found(names);
      } while (cursor !== '0');
    };
    await Promise.all(this.topology.masters().map(scan));
  }
}
