import { createHash } from 'node:crypto';
import type { RedisClient } from '../redis-client.js';

/** A Lua script, called by its SHA-1 and loaded again when Redis has forgotten it (restart, SCRIPT FLUSH). */
export class LuaScript {
  private readonly sha: string;

  constructor(private readonly source: string) {
    this.sha = createHash('sha1').update(source).digest('hex');
  }

  /** Runs it. Strings in the reply come as Buffers. */
  async run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    const parameters = [keys.length, ...keys, ...args];
    try {
      return await client.callBuffer('EVALSHA', this.sha, ...parameters);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.callBuffer('EVAL', this.source, ...parameters);
    }
  }
}
