import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedisServers, type RedisServer, type RedisServerOptions } from './redis-server.js';

const CLUSTER_SLOTS = 16_384;
/** Far more than a cluster needs to form, or to take back a node, on a busy machine. */
const PATIENCE_MS = 30_000;

/** What {@link startRedisCluster} takes. Password and arguments are those of every node. */
export interface RedisClusterOptions extends Omit<RedisServerOptions, 'persist'> {
  /** Masters, which share the slots evenly. @default 3 */
  readonly masters?: number;
  /** Replicas of each master. @default 0 */
  readonly replicas?: number;
}

/** A Redis Cluster of `redis-server` processes of this test's own. */
export interface RedisClusterUnderTest {
  /** The masters in the order of their slots, then the replicas of the first, of the second … */
  readonly nodes: readonly RedisServer[];
  readonly urls: readonly string[];
  /** The master that has a key at the start, by the hash tag rules of Redis. */
  nodeOf(key: string): Promise<RedisServer>;
  /** Resolves when every node takes commands: at the start they do; some time after a restart they do again. */
  ready(): Promise<void>;
  /** Ends all nodes and removes their directories. May be called twice. */
  stop(): Promise<void>;
}

/** Starts a cluster; resolves when every node takes commands. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisClusterUnderTest> {
  const { masters = 3, replicas = 0, args = [], ...server } = options;
  const masterAuth = options.password === undefined ? [] : ['--masterauth', options.password];
  const nodes = await startRedisServers(masters * (1 + replicas), {
    ...server,
    args: ['--cluster-enabled', 'yes', '--repl-diskless-sync-delay', '0', ...masterAuth, ...args],
  });
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  const ready = async () => {
    for (const node of nodes) await ask(node, (client) => until(() => isUp(client)));
  };
  try {
    await join(nodes, masters, replicas);
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    ready,
    stop,
    nodeOf: async (key) => {
      const slot = await ask(nodes[0]!, (client) => client.cluster('KEYSLOT', key));
      return nodes[Math.floor(slot / shareOf(masters))]!;
    },
  };
}

/** The number of slots of each master but the last. */
function shareOf(masters: number): number {
  return Math.ceil(CLUSTER_SLOTS / masters);
}

async function join(nodes: readonly RedisServer[], masters: number, replicas: number): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    const share = shareOf(masters);
    for (const [i, client] of clients.entries()) {
      await client.cluster('SET-CONFIG-EPOCH', i + 1);
      if (i < masters) {
        await client.cluster('ADDSLOTSRANGE', i * share, Math.min((i + 1) * share, CLUSTER_SLOTS) - 1);
      }
    }
    for (const client of clients) {
      for (const { host, port } of nodes) await client.cluster('MEET', host, port);
    }
    await Promise.all(
      clients.slice(masters).map((replica, i) => replicate(replica, clients[Math.floor(i / replicas)]!)),
    );
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function isUp(node: Redis): Promise<boolean> {
  return (await node.cluster('INFO')).includes('cluster_state:ok');
}

async function replicate(replica: Redis, master: Redis): Promise<void> {
  const id = await master.cluster('MYID');
  await until(async () => String(await replica.cluster('NODES')).includes(id));
  await replica.cluster('REPLICATE', id);
  await until(async () => (await replica.info('replication')).includes('master_link_status:up'));
}

/** Resolves when the state that is looked at is as it should be. For what tells nobody when it changes. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const since = performance.now();
  while (!(await check())) {
    if (performance.now() - since > PATIENCE_MS)
      throw new Error(`Waited ${PATIENCE_MS} ms for ${String(check)}.`);
    await delay(20);
  }
}

/** Asks one node over a connection of its own. */
export async function ask<T>(node: RedisServer, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(node.url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
