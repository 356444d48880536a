import { Redis, type RedisOptions } from 'ioredis';
import { CacheError } from '../../errors.js';
import { explained } from './connection-error.js';
import { currentPasswords } from './credentials.js';
import { keepConnecting } from './keep-connecting.js';
import { hangUp, type LinkListener, type RedisLink } from './redis-link.js';
import type { ResolvedSentinel } from './redis-options.js';
import { SentinelWatch } from './sentinel-watch.js';

const UNREACHABLE = 'All sentinels are unreachable';

/** The way to the Redis server that the sentinels name as master. It follows when that becomes another one. */
export class SentinelLink implements RedisLink {
  readonly client: Redis;
  readonly name: string;
  readonly description: string;
  private readonly watch: SentinelWatch;
  private readonly subscribers = new Set<Redis>();

  constructor(
    private readonly redis: ResolvedSentinel,
    listener: LinkListener,
  ) {
    const { sentinels, master, database, tls } = redis;
    const places = sentinels.map(({ host, port }) => `${host}:${port}`).join(', ');
    this.name = `Redis master ${master}, known to the sentinels at ${places}`;
    this.description = `${this.name}, database ${database}${tls ? ', TLS' : ''}`;
    this.client = this.connection({});
    this.client.on('error', (error: Error) => listener.down(this.explained(error)));
    this.client.on('close', () => listener.down());
    this.client.on('ready', () => listener.up());
    this.watch = new SentinelWatch(redis, () => {
      for (const client of [this.client, ...this.subscribers]) leave(client);
    });
  }

  get ready(): boolean {
    return this.client.status === 'ready';
  }

  open(): Promise<void> {
    this.watch.open();
    return this.client.connect();
  }

  subscriber(): Redis {
    const { busName: connectionName } = this.redis;
    const subscriber = this.connection({ connectionName, autoResubscribe: false });
    subscriber.on('error', () => undefined);
    this.subscribers.add(subscriber);
    return subscriber;
  }

  async close(deadlineMs: number): Promise<void> {
    this.watch.close();
    await hangUp(this.client, this.ready, deadlineMs);
  }

  /** Of its sentinels ioredis tells that they are unreachable, whatever the reason. */
  private explained(error: Error): Error | undefined {
    if (!error.message.startsWith(UNREACHABLE)) return explained(error, this.redis.options.tls);
    const reason = this.watch.error?.message ?? 'none of them answers';
    return new CacheError('CACHE_REDIS_UNAVAILABLE', `no sentinel tells where it is: ${reason}`, {
      cause: error,
    });
  }

  private connection(more: RedisOptions): Redis {
    const { options, sentinels, master, passwords } = this.redis;
    const client = new Redis({
      ...options,
      ...more,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
      name: master,
      // ioredis goes on through its list of sentinels where it stopped the last time, so the end of the list means
      // nothing: once more from the start. If that is in vain, too, `keepConnecting` tries again, and can be stopped,
      // which a wait of ioredis' own can't.
      sentinelRetryStrategy: (attempt) => (attempt === 1 ? 0 : null),
    });
    keepConnecting(client, currentPasswords(client, passwords));
    return client;
  }
}

/** Hangs up on a server that is not the master any more; the next attempt asks the sentinels. */
function leave(client: Redis): void {
  if (client.status === 'ready' || client.status === 'connect') client.disconnect(true);
}
