import { Redis } from 'ioredis';
import { explained } from './connection-error.js';
import { currentPasswords } from './credentials.js';
import { keepConnecting } from './keep-connecting.js';
import { hangUp, type LinkListener, type RedisLink } from './redis-link.js';
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
    this.client = this.connection();
    this.client.on('error', (error: Error) => listener.down(explained(error, this.redis.options.tls)));
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
    return this.connection({ connectionName: this.redis.busName, autoResubscribe: false });
  }

  close(deadlineMs: number): Promise<void> {
    return hangUp(this.client, this.ready, deadlineMs);
  }

  private connection(
    more: { readonly connectionName?: string; readonly autoResubscribe?: boolean } = {},
  ): Redis {
    const client = new Redis({ ...this.redis.options, ...more });
    keepConnecting(client, currentPasswords(client, this.redis.passwords));
    return client;
  }
}
