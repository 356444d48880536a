import { Cluster, Redis, type ClusterOptions } from 'ioredis';
import { ClusterNodes, isReady } from './cluster-nodes.js';
import { currentPasswords } from './credentials.js';
import { keepConnecting } from './keep-connecting.js';
import { retryDelay } from './never-hang.js';
import { hangUp, type LinkListener, type RedisLink } from './redis-link.js';
import type { ResolvedCluster } from './redis-options.js';

/** How long a command waits for its keys to be moved before it is tried again, milliseconds. */
const RETRY_MOVING_MS = 20;

/** The way to a cluster: a connection to every master, each of which connects again by itself. */
export class ClusterLink implements RedisLink {
  readonly client: Cluster;
  readonly name: string;
  readonly description: string;
  private readonly nodes: ClusterNodes;
  private passwordError: Error | undefined;

  constructor(
    private readonly redis: ResolvedCluster,
    listener: LinkListener,
  ) {
    this.name = `Redis Cluster at ${redis.nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
    this.description = `${this.name}${redis.nodes[0].tls ? ', TLS' : ''}`;
    this.client = new Cluster(
      redis.nodes.map(({ host, port }) => ({ host, port })),
      this.options(),
    );
    const ask = redis.passwords.password === undefined ? undefined : () => this.askPassword();
    keepConnecting(this.client, ask);
    this.nodes = new ClusterNodes(this.client, listener, undefined, ask);
    this.client.on('error', () => listener.down(this.passwordError ?? this.nodes.error));
  }

  get ready(): boolean {
    return this.nodes.ready;
  }

  async open(): Promise<void> {
    await this.client.connect();
    await this.nodes.connect();
  }

  /** The node that was named first is where it begins: which one it should be at, the bus finds out. */
  subscriber(): Redis {
    const [{ host, port }] = this.redis.nodes;
    const { options, passwords, busName: connectionName } = this.redis;
    const client = new Redis({ ...options, host, port, connectionName, autoResubscribe: false });
    keepConnecting(client, currentPasswords(client, passwords));
    return client;
  }

  close(deadlineMs: number): Promise<void> {
    this.nodes.forget();
    return hangUp(this.client, this.ready, deadlineMs);
  }

  private options(): ClusterOptions {
    return {
      redisOptions: { ...this.redis.options },
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
      clusterNodeRetryStrategy: (attempt) => {
        if (!this.nodes.masters.some(isReady)) return null;
        // The connections to nodes can't wait for it; by the time of the attempt the answer is there, or by the next.
        if (this.redis.passwords.password !== undefined) this.askPassword().catch(() => undefined);
        return retryDelay(attempt);
      },
      clusterRetryStrategy: retryDelay,
      // Names are looked up for each connection, and TLS gets to see them.
      dnsLookup: (name, callback) => callback(null, name),
    };
  }

  /** Gives the current password to all nodes, those to come included. */
  private async askPassword(): Promise<void> {
    try {
      const password = await this.redis.passwords.password?.ask();
      if (password === undefined) return;
      const { redisOptions } = this.client.options;
      for (const options of [redisOptions, ...this.client.nodes().map((node) => node.options)]) {
        if (options !== undefined) options.password = password;
      }
      this.passwordError = undefined;
    } catch (error) {
      this.passwordError = error as Error;
      throw error;
    }
  }
}
