import { RedisConnection } from '../../../../src/stores/redis/redis-connection.js';
import type { RedisConnectionOptions } from '../../../../src/stores/redis/redis-options.js';
import { resolveRedis } from '../../../../src/stores/redis/resolve-redis.js';

/** A connection under test, and what became of it, in order. */
export class Watched {
  readonly told: ('ready' | 'lost')[] = [];
  /** The reasons of its losses, as far as it knew them. */
  readonly reasons: string[] = [];
  readonly connection: RedisConnection;
  private readonly waiting = new Set<() => void>();

  constructor(options: RedisConnectionOptions) {
    const tell = (what: 'ready' | 'lost') => {
      // Lost is told again when another reason for it is known.
      if (this.told.at(-1) !== what) this.told.push(what);
      for (const look of this.waiting) look();
    };
    this.connection = new RedisConnection(resolveRedis(options, 'test'), {
      ready: () => tell('ready'),
      lost: (error) => {
        this.reasons.push(error?.message ?? '');
        tell('lost');
      },
      replaced: () => undefined,
    });
  }

  /** Resolves when that has been told as the last thing. */
  async until(what: 'ready' | 'lost'): Promise<void> {
    while (this.told.at(-1) !== what) {
      await new Promise<void>((resolve) => {
        const look = () => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
    }
  }

  /** What is wrong with the connection, in the words for people. */
  async trouble(): Promise<string> {
    const error: unknown = await this.connection.ping(5000).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof Error ? error.message : 'no error';
  }
}
