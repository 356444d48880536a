import { Command, type Cluster } from 'ioredis';
import type { RedisNode } from './redis-client.js';

/** What lies where in a cluster, as far as its client knows. See `RedisTopology`. */
export class ClusterTopology {
  readonly isOne = false;

  constructor(private readonly cluster: Cluster) {}

  groups(keys: readonly string[]): readonly (readonly number[])[] {
    // Commands of one tick go out together, so one for each key costs no further round trip.
    return keys.map((_, position) => [position]);
  }

  masters(which?: 'connected'): readonly RedisNode[] {
    if (which !== undefined) return this.connected();
    const connected = new Map(this.connected().map((node) => [addressOf(node), node]));
    const owners = [...new Set(this.cluster.slots.flatMap(([master]) => master ?? []))];
    if (owners.length === 0) throw new Error('No master of the cluster is known.');
    return owners.map((owner) => {
      const node = connected.get(owner);
      if (node === undefined) throw new Error(`No connection to ${owner}, a master of the cluster.`);
      return node;
    });
  }

  /**
   * The master that has the channel's slot. A message that is sent and received on one node does not depend on the
   * links between the nodes, which lose messages without a sign when they break, and overtakes none before it.
   * While that master is away, another one serves: the nodes pass on messages to each other.
   */
  home(channel: string): RedisNode | undefined {
    const connected = this.connected();
    const owner = this.cluster.slots[slotOf(channel)]?.[0];
    return (
      connected.find((node) => addressOf(node) === owner) ??
      connected.toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1))[0]
    );
  }

  private connected(): RedisNode[] {
    return this.cluster.nodes('master').filter(({ status }) => status === 'ready');
  }
}

/** The address of a node as the slot table has it. */
function addressOf({ options: { host = '', port = 0 } }: RedisNode): string {
  return `${host}:${port}`;
}

function slotOf(key: string): number {
  return new Command('get', [key]).getSlot();
}
