import { createHash } from 'node:crypto';
import type { RedisClient } from '../redis-client.js';

/** What every client has, and the types leave out. */
interface ScriptCommands {
  readonly evalshaBuffer: ScriptCommand;
  readonly evalBuffer: ScriptCommand;
}

type ScriptCommand = (
  this: RedisClient,
  shaOrSource: string,
  keyCount: number,
  ...parameters: readonly (string | number | Buffer)[]
) => Promise<unknown>;

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
    const parameters = [keys.length, ...keys, ...args] as const;
    // Not `call`: with `enableAutoPipelining` it loses the name of the command.
    const { evalshaBuffer, evalBuffer } = client as RedisClient & ScriptCommands;
    try {
      return await evalshaBuffer.call(client, this.sha, ...parameters);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return evalBuffer.call(client, this.source, ...parameters);
    }
  }
}
