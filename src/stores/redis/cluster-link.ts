import { Cluster, Redis, type ClusterOptions } from 'ioredis';
import { retryDelay } from './never-hang.js';
import type { RedisNode } from './redis-client.js';
import type { LinkListener, RedisLink } from './redis-link.js';
import type { ResolvedCluster } from './redis-options.js';

/** How long a command waits for its keys to be moved before it is tried again, milliseconds. */
const RETRY_MOVING_MS = 20;
/** What ioredis tells the commands of a connection that is gone. */
const CONNECTION_CLOSED = 'Connection is closed.';

/**
 * The way to a cluster: a connection to every master, each of which connects again by itself. Left alone, ioredis
 * connects to a node when a command for it comes, and what comes until then fails.
 */
export class ClusterLink implements RedisLink {
  readonly client: Cluster;
  readonly name: string;
  readonly description: string;
  private isUp = false;
  private nodeError: Error | undefined;

  constructor(
    private readonly redis: ResolvedCluster,
    private readonly listener: LinkListener,
  ) {
    this.name = `Redis Cluster at ${redis.nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
    this.description = `${this.name}${redis.nodes[0].tls ? ', TLS' : ''}`;
    this.client = new Cluster(
      redis.nodes.map(({ host, port }) => ({ host, port })),
      this.options(),
    );
    this.client.on('+node', (node: RedisNode) => this.follow(node));
    this.client.on('ready', () => this.masters.forEach((node) => void connect(node)));
    this.client.on('close', () => this.look());
    this.client.on('error', () => listener.down(this.nodeError ?? new Error('none of these nodes answers')));
    this.client.on('node error', (error: Error) => {
      // Why it is closed has been told before.
      if (error.message !== CONNECTION_CLOSED) this.nodeError = error;
    });
  }

  /** Whether there is a master to send commands to; those for another one fail at once. */
  get ready(): boolean {
    return this.isUp;
  }

  async open(): Promise<void> {
    await this.client.connect();
    await Promise.all(this.masters.map(connect));
  }

  /** The node that was named first is where it begins: which one it should be at, the bus finds out. */
  subscriber(): Redis {
    const [{ host, port }] = this.redis.nodes;
    const { options, busName: connectionName } = this.redis;
    return new Redis({ ...options, host, port, connectionName, autoResubscribe: false });
  }

  private options(): ClusterOptions {
    return {
      redisOptions: this.redis.options,
      lazyConnect: true,
      // Whether the cluster is fine, the first command tells. Asking before would be one more thing that can hang.
      enableReadyCheck: false,
      // A command either goes out now or fails now; sent again after its deadline, it would rise from the dead. Only
      // what a node has refused to carry out is sent elsewhere (MOVED, ASK), or again (TRYAGAIN).
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: RETRY_MOVING_MS,
      maxRedirections: 16,
      // Replicas lag behind: they would give back what has been evicted.
      scaleReads: 'master',
      slotsRefreshTimeout: 1000,
      // A node is tried for as long as there is another one to ask what became of it. Without any, ioredis begins
      // anew with the nodes that were named: all addresses may have changed.
      clusterNodeRetryStrategy: (attempt) => (this.masters.some(isReady) ? retryDelay(attempt) : null),
      clusterRetryStrategy: retryDelay,
      // Names are looked up for each connection, and TLS gets to see them.
      dnsLookup: (name, callback) => callback(null, name),
    };
  }

  private get masters(): RedisNode[] {
    return this.client.nodes('master');
  }

  private follow(node: RedisNode): void {
    node.on('ready', () => this.changed());
    node.on('close', () => this.changed());
    // Until the cluster is known, the nodes are those that were named, and only asked for the others.
    if (this.client.status === 'ready' && !node.options.readOnly) void connect(node);
  }

  /** A node has come or gone: another one may serve its slots now. */
  private changed(): void {
    this.look();
    if (this.client.status === 'ready') this.client.refreshSlotsCache();
  }

  /** Tells whether there is a master, but not before the first attempts to connect to each are over. */
  private look(): void {
    const isUp = this.client.status === 'ready' && this.masters.some(isReady);
    if (!this.isUp && this.masters.some(isConnecting)) return;
    this.isUp = isUp;
    if (!isUp) return this.listener.down(this.nodeError);
    this.nodeError = undefined;
    this.listener.up();
  }
}

function isReady({ status }: RedisNode): boolean {
  return status === 'ready';
}

function isConnecting({ status }: RedisNode): boolean {
  return status === 'wait' || status === 'connecting' || status === 'connect';
}

/** Resolves when the first attempt to connect has succeeded or failed. The node goes on trying by itself. */
async function connect(node: RedisNode): Promise<void> {
  if (node.status === 'wait') await node.connect().catch(() => undefined);
  else if (isConnecting(node)) {
    await new Promise<void>((resolve) => {
      node.once('ready', () => resolve());
      node.once('close', () => resolve());
    });
  }
}
