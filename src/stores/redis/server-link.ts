import { Redis } from 'ioredis';
import type { LinkListener, RedisLink } from './redis-link.js';
import type { ResolvedServer } from './redis-options.js';

/** The way to one Redis server. */
export class ServerLink implements RedisLink {
  readonly client: Redis;
  readonly name: string;
  readonly description: string;

  constructor(
    private readonly redis: ResolvedServer,
    listener: LinkListener,
  ) {
    const { host, port, database, tls } = redis.address;
    this.name = `Redis at ${host}:${port}`;
    this.description = `${this.name}, database ${database}${tls ? ', TLS' : ''}`;
    this.client = new Redis(redis.options);
    this.client.on('error', (error: Error) => listener.down(error));
    this.client.on('close', () => listener.down());
    this.client.on('ready', () => listener.up());
  }

  get ready(): boolean {
    return this.client.status === 'ready';
  }

  open(): Promise<void> {
    return this.client.connect();
  }

  subscriber(): Redis {
    return this.client.duplicate({ connectionName: this.redis.busName, autoResubscribe: false });
  }
}
