import { ask, startRedisCluster, until, type RedisClusterUnderTest } from './redis-cluster.js';
import type { RedisServer } from './redis-server.js';

const CLUSTER_SLOTS = 16_384;

/** What {@link startReplicatedCluster} takes. */
export interface ReplicatedClusterOptions {
  /** @default 3 */
  readonly masters?: number;
  /** How long a node may be silent before the others take it for down, milliseconds. @default 1000 */
  readonly nodeTimeoutMs?: number;
}

/** A cluster whose masters have a replica each. */
export interface ReplicatedCluster extends RedisClusterUnderTest {
  /** The replica of that master, at the start. */
  replicaOf(master: RedisServer): RedisServer;
  /** Resolves when the nodes that run agree that this one is a master, and that all slots are served. */
  promoted(node: RedisServer): Promise<void>;
  /** Moves slots with all their keys from one master to another, one after the other, as `redis-cli` does. */
  move(slots: readonly number[], from: RedisServer, to: RedisServer): Promise<void>;
  /** The slots that keys beginning so have, of those that exist: of all masters, or of this one. */
  slotsOf(keys: string, node?: RedisServer): Promise<readonly number[]>;
}

/** Starts a cluster with a replica for each master; resolves when all of them take commands. */
export async function startReplicatedCluster(
  options: ReplicatedClusterOptions = {},
): Promise<ReplicatedCluster> {
  const { masters = 3, nodeTimeoutMs = 1000 } = options;
  const cluster = await startRedisCluster({
    masters,
    replicas: 1,
    args: ['--cluster-node-timeout', String(nodeTimeoutMs)],
  });
  const { nodes } = cluster;
  const running = () => nodes.filter((node) => node.running);
  return {
    ...cluster,
    replicaOf: (master) => nodes[masters + nodes.indexOf(master)]!,
    promoted: (node) =>
      until(async () => {
        const views = await Promise.all(
          running().map((other) => ask(other, async (client) => String(await client.cluster('NODES')))),
        );
        return views.every((view) => mastersIn(view).some(({ port }) => port === node.port) && isWhole(view));
      }),
    move: async (slots, from, to) => {
      for (const slot of slots) await moveSlot(slot, from, to);
    },
    slotsOf: async (keys, only) => {
      const found = new Set<number>();
      for (const node of only === undefined ? nodes.slice(0, masters) : [only]) {
        for (const key of await ask(node, (client) => client.keys(`${keys}*`))) {
          found.add(await ask(node, (client) => client.cluster('KEYSLOT', key)));
        }
      }
      return [...found];
    },
  };
}

interface Master {
  readonly port: number;
  readonly slots: number;
}

/** The masters with slots, as one node's CLUSTER NODES has them. */
function mastersIn(view: string): Master[] {
  return view.split('\n').flatMap((line) => {
    const [, address = '', flags = '', , , , , , ...ranges] = line.split(' ');
    if (!flags.includes('master') || flags.includes('fail') || ranges.length === 0) return [];
    const slots = ranges.filter((range) => !range.startsWith('[')).map(sizeOf);
    const port = Number(/:(\d+)@/.exec(address)?.[1]);
    return [{ port, slots: slots.reduce((sum, size) => sum + size, 0) }];
  });
}

function isWhole(view: string): boolean {
  return mastersIn(view).reduce((sum, { slots }) => sum + slots, 0) === CLUSTER_SLOTS;
}

function sizeOf(range: string): number {
  const [from = 0, to = from] = range.split('-').map(Number);
  return to - from + 1;
}

async function moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  const idOf = (node: RedisServer) => ask(node, (client) => client.cluster('MYID'));
  const [source, target] = await Promise.all([idOf(from), idOf(to)]);
  await ask(to, (client) => client.cluster('SETSLOT', slot, 'IMPORTING', source));
  await ask(from, async (client) => {
    await client.cluster('SETSLOT', slot, 'MIGRATING', target);
    for (;;) {
      const keys = await client.cluster('GETKEYSINSLOT', slot, 10);
      if (keys.length === 0) break;
      await client.call('MIGRATE', to.host, to.port, '', 0, 1000, 'KEYS', ...keys);
    }
  });
  for (const node of [to, from]) await ask(node, (client) => client.cluster('SETSLOT', slot, 'NODE', target));
}
