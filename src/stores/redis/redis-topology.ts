import { ClusterTopology } from './cluster-topology.js';
import { isCluster, type RedisClient, type RedisNode } from './redis-client.js';

/** A node of which the keys are asked. */
export type ScannableNode = Pick<RedisNode, 'scan'>;

/** Hides whether it is one Redis or a cluster: no command may span slots, and a scan must visit every master. */
export interface RedisTopology {
  /** Whether one command may name any keys: all of them are on one server. */
  readonly isOne: boolean;

  /** Splits positions in a list of keys into groups that one command may name. */
  groups(keys: readonly string[]): readonly (readonly number[])[];

  /**
   * Every node that holds keys.
   *
   * @param which `connected` leaves out those that can't be asked
   * @throws Error when one of them can't be asked: what is left out would be taken for empty
   */
  masters(which?: 'connected'): readonly RedisNode[];

  /**
   * The node that a channel's messages are sent through, and are best received from. It is the same one for all
   * instances. `undefined` when none can be asked.
   */
  home(channel: string): RedisNode | undefined;
}

export function topologyOf(client: RedisClient): RedisTopology {
  return isCluster(client)
    ? new ClusterTopology(client)
    : {
        isOne: true,
        groups: (keys) => (keys.length === 0 ? [] : [[...keys.keys()]]),
        masters: () => [client],
        home: () => client,
      };
}
