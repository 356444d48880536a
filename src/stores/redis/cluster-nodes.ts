import type { Cluster } from 'ioredis';
import { explained } from './connection-error.js';
import { retryDelay } from './never-hang.js';
import type { RedisNode } from './redis-client.js';
import type { LinkListener } from './redis-link.js';

/**
 * Sees that the client of a cluster has a connection to every master, and tells whether there is one. Left alone,
 * ioredis connects to a node when a command for it comes.
 */
export class ClusterNodes {
  private isUp = false;
  private lastError: Error | undefined;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly undo: (() => void)[] = [];

  /**
   * @param pause whether to wait before asking where the slots are, longer each time: for a client whose nodes are not
   * tried again by themselves, but made anew with each answer
   */
  constructor(
    private readonly cluster: Cluster,
    private readonly listener: LinkListener,
    private readonly pause: 'pause' | undefined,
    private readonly beforeAsking: () => Promise<void> | undefined = () => undefined,
  ) {
    this.on(cluster, '+node', (node: RedisNode) => this.follow(node));
    this.on(cluster, 'ready', () => this.masters.forEach((node) => void connect(node)));
    this.on(cluster, 'close', () => this.look());
    this.on(cluster, 'node error', (error: Error) => {
      this.lastError = explained(error, this.cluster.options.redisOptions?.tls) ?? this.lastError;
    });
    for (const node of cluster.nodes()) this.follow(node);
  }

  /** Whether there is a master to send commands to; those for another one fail at once. */
  get ready(): boolean {
    return this.isUp;
  }

  get masters(): RedisNode[] {
    return this.cluster.nodes('master');
  }

  /** Why there is no connection, as far as known. */
  get error(): Error {
    return this.lastError ?? new Error('none of these nodes answers');
  }

  /** Connects to each master; resolves when each attempt has succeeded or failed. */
  async connect(): Promise<void> {
    await Promise.all(this.masters.map(connect));
    this.look();
  }

  /** Forgets the cluster, which goes on without being followed. */
  forget(): void {
    clearTimeout(this.timer);
    for (const undo of this.undo.splice(0)) undo();
  }

  private follow(node: RedisNode): void {
    this.on(node, 'ready', () => this.changed('up'));
    this.on(node, 'close', () => this.changed('down'));
    // Until the cluster is known, the nodes are those that were named, and only asked for the others.
    if (this.cluster.status === 'ready' && !node.options.readOnly) void connect(node);
  }

  /** A node has come or gone: another one may serve its slots now. */
  private changed(how: 'up' | 'down'): void {
    this.failures = how === 'up' ? 0 : this.failures + 1;
    this.look();
    if (this.cluster.status !== 'ready') return;
    if (this.pause === undefined || how === 'up') return this.refresh();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.refresh();
    }, retryDelay(this.failures)).unref();
  }

  private refresh(): void {
    const ask = () => {
      if (this.cluster.status === 'ready') this.cluster.refreshSlotsCache();
    };
    const before = this.beforeAsking();
    if (before === undefined) ask();
    else before.then(ask, ask);
  }

  /** Tells whether there is a master, but not before the first attempts to connect to each are over. */
  private look(): void {
    const isUp = this.cluster.status === 'ready' && this.masters.some(isReady);
    if (!this.isUp && this.masters.some(isConnecting)) return;
    this.isUp = isUp;
    if (!isUp) return this.listener.down(this.lastError);
    this.lastError = undefined;
    this.listener.up();
  }

  private on(emitter: Cluster | RedisNode, event: string, listener: (subject: never) => void): void {
    const heard = listener as (...args: unknown[]) => void;
    emitter.on(event, heard);
    this.undo.push(() => emitter.removeListener(event, heard));
  }
}

export function isReady({ status }: RedisNode): boolean {
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
