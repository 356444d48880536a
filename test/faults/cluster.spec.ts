import { clusterPlace, type ClusterPlace } from '../support/fault-topology.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';
import type { RedisServer } from '../support/redis-server.js';

const BUS = 'faults~bus';

/** Kills a master; over is that when its replica has taken over, and the master is back as the replica of that. */
function killed(name: string, which: (at: ClusterPlace) => Promise<RedisServer>): Fault<ClusterPlace> {
  return {
    name,
    place: clusterPlace,
    // It comes back as a replica, and its connection is not missed, but stays.
    spareConnections: 1,
    strike: async (at) => (await which(at)).kill(),
    repair: async ({ cluster }) => {
      const dead = cluster.nodes.find(({ running }) => !running)!;
      await cluster.promoted(cluster.replicaOf(dead));
      await dead.launch();
    },
  };
}

/** A master that has not the slot of the bus. */
async function anotherMaster({ cluster }: ClusterPlace): Promise<RedisServer> {
  const home = await cluster.nodeOf(BUS);
  return cluster.nodes.find((node) => node !== home)!;
}

async function moveAll({ cluster }: ClusterPlace, from: number, to: number): Promise<void> {
  const { nodes } = cluster;
  for (const keys of ['faults:raced', 'faults~tag']) {
    await cluster.move(await cluster.slotsOf(keys, nodes[from]), nodes[from]!, nodes[to]!);
  }
}

const faults: readonly Fault<ClusterPlace>[] = [
  killed('cluster master with the bus killed', ({ cluster }) => cluster.nodeOf(BUS)),
  killed('another cluster master killed', anotherMaster),
  {
    name: 'slots of a cluster move to another master, and back',
    apart: false,
    place: clusterPlace,
    strike: (at) => moveAll(at, 0, 1),
    lastsMs: 0,
    repair: (at) => moveAll(at, 1, 0),
  },
];

testFaults('when the nodes of a cluster change, no call suffers, and nothing is stale:', faults);
