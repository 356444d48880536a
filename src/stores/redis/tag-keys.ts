import { newToken } from '../../engine/token.js';
import { renewScript } from './lua/renew.lua.js';
import { tokensScript } from './lua/tokens.lua.js';
import type { RedisClient } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisTopology } from './redis-topology.js';

/** How long the token of an evicted tag lives unless an entry that carries it needs it longer. A day. */
const TAG_LIFETIME_MS = 86_400_000;

/** The tokens of tags in Redis. */
export class TagKeys {
  constructor(
    private readonly client: RedisClient,
    private readonly topology: RedisTopology,
    private readonly keys: RedisKeys,
  ) {}

  /** The current tokens; `null` for a tag that has none. */
  read(tags: readonly string[]): Promise<readonly (string | null)[]> {
    return this.bySlot(tags, (names) => this.client.mget([...names]));
  }

  /** The current tokens; missing ones are made, and all live for at least `px` milliseconds, 0 for ever. */
  ensure(tags: readonly string[], px: number): Promise<readonly string[]> {
    return this.bySlot(tags, async (names) => {
      const reply = await tokensScript.run(this.client, names, [px, ...names.map(newToken)]);
      return (reply as Buffer[]).map(String);
    });
  }

  /** Gives each tag a new token. Who sees a later one of them renewed sees the first one renewed, too. */
  async renew(tags: readonly string[]): Promise<void> {
    const names = tags.map((tag) => this.keys.tag(tag));
    const renew = (positions: readonly number[]) =>
      renewScript.run(
        this.client,
        positions.map((position) => names[position] ?? ''),
        [TAG_LIFETIME_MS, ...positions.map(newToken)],
      );
    const [first, ...others] = this.topology.groups(names);
    if (first !== undefined) await renew(first);
    await Promise.all(others.map(renew));
  }

  /** One command per group of tags that share a slot; results in the order of the tags. */
  private async bySlot<T>(
    tags: readonly string[],
    ask: (names: readonly string[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const names = tags.map((tag) => this.keys.tag(tag));
    const results: T[] = [];
    const groups = this.topology.groups(names).map(async (positions) => {
      const replies = await ask(positions.map((position) => names[position] ?? ''));
      for (const [i, position] of positions.entries()) results[position] = replies[i] as T;
    });
    await Promise.all(groups);
    return results;
  }
}
