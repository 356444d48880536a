import { Redis, type Cluster } from 'ioredis';
import { CacheError } from '../../errors.js';
import { ClusterNodes, isReady } from './cluster-nodes.js';
import { keepConnecting } from './keep-connecting.js';
import { isCluster, type RedisClient, type RedisNode } from './redis-client.js';
import type { LinkListener, RedisLink } from './redis-link.js';
import type { ResolvedClient } from './redis-options.js';

/**
 * The way to Redis over a client that belongs to the application: looked at, used, and otherwise left alone. It is not
 * closed, its options are not touched, and it gets no `error` listener, whose lack makes ioredis print errors.
 *
 * The connection for subscriptions is another one, and ours.
 */
export function ownClientLink(redis: ResolvedClient, listener: LinkListener): RedisLink {
  const { client } = redis;
  return isCluster(client)
    ? new OwnClusterLink(client, redis, listener)
    : new OwnServerLink(client, redis, listener);
}

class OwnServerLink implements RedisLink {
  readonly name: string;
  readonly description: string;
  private readonly up = () => this.listener.up();
  private readonly down = () => this.listener.down();

  constructor(
    readonly client: RedisNode,
    private readonly redis: ResolvedClient,
    private readonly listener: LinkListener,
  ) {
    const { host, port, path, db = 0, tls, sentinels, name } = client.options;
    // ioredis has null where there are none.
    this.name = sentinels
      ? `Redis master ${name}, known to ${sentinels.length} sentinels`
      : `Redis at ${path ?? `${host}:${port}`}`;
    this.description = `${this.name}, database ${db}${tls ? ', TLS' : ''}, by the application’s own client`;
    client.on('ready', this.up);
    client.on('close', this.down);
    client.on('end', this.down);
  }

  get ready(): boolean {
    return this.client.status === 'ready';
  }

  async open(): Promise<void> {
    await opened(this.client);
    this.up();
  }

  /** With the user and password that the application's client has at each attempt. */
  subscriber(): RedisNode {
    const subscriber = this.client.duplicate(this.redis.subscriberOptions);
    keepConnecting(subscriber, () => {
      const { username, password, sentinelUsername, sentinelPassword } = this.client.options;
      Object.assign(subscriber.options, { username, password, sentinelUsername, sentinelPassword });
      return Promise.resolve();
    });
    return subscriber;
  }

  close(): Promise<void> {
    this.client.removeListener('ready', this.up);
    this.client.removeListener('close', this.down);
    this.client.removeListener('end', this.down);
    return Promise.resolve();
  }
}

class OwnClusterLink implements RedisLink {
  readonly name = 'Redis Cluster';
  readonly description: string;
  private readonly nodes: ClusterNodes;

  constructor(
    readonly client: Cluster,
    private readonly redis: ResolvedClient,
    listener: LinkListener,
  ) {
    const isTls = client.options.redisOptions?.tls !== undefined;
    this.description = `${this.name}${isTls ? ', TLS' : ''}, by the application’s own client`;
    this.nodes = new ClusterNodes(client, listener, 'pause');
  }

  get ready(): boolean {
    return this.nodes.ready;
  }

  async open(): Promise<void> {
    await opened(this.client);
    await this.nodes.connect();
  }

  /** To a master that is connected; which one it should be at, the bus finds out. */
  subscriber(): RedisNode {
    const subscriber = new Redis({
      ...this.client.options.redisOptions,
      ...this.redis.subscriberOptions,
    });
    keepConnecting(subscriber, async () => {
      const masters = this.nodes.masters.filter(isReady);
      const { host: aimedAt, port: aimedPort } = subscriber.options;
      const node =
        masters.find(({ options }) => options.host === aimedAt && options.port === aimedPort) ?? masters[0];
      if (node === undefined) throw new Error('no master of the cluster is connected');
      const { host, port, username, password, tls } = node.options;
      Object.assign(subscriber.options, { host, port, username, password, tls });
    });
    return subscriber;
  }

  close(): Promise<void> {
    this.nodes.forget();
    return Promise.resolve();
  }
}

/** Resolves when it is ready, be it made so here or by the application; rejects when an attempt fails. */
async function opened(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return;
  if (client.status === 'end') {
    throw new CacheError('CACHE_REDIS_UNAVAILABLE', 'the client given as `redis.client` has been closed');
  }
  if (client.status === 'wait') return client.connect();
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      for (const event of ['ready', 'close', 'end']) client.removeListener(event, settle);
      if (client.status === 'ready') resolve();
      else reject(new Error('Connection is closed.'));
    };
    for (const event of ['ready', 'close', 'end']) client.on(event, settle);
  });
}
