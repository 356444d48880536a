import { askAt, type Place } from './fault-place.js';
import { startReplicatedCluster, type ReplicatedCluster } from './redis-replicas.js';
import type { RedisServer } from './redis-server.js';
import { startRedisSentinel, type RedisSentinelUnderTest } from './redis-sentinel.js';

const REPLICATED_MS = 5000;

/** A master with its replica, known to a sentinel. */
export interface SentinelPlace extends Place {
  readonly sentinel: RedisSentinelUnderTest;
}

export async function sentinelPlace(): Promise<SentinelPlace> {
  const sentinel = await startRedisSentinel();
  const { urls: sentinels, name } = sentinel;
  return { sentinel, redis: () => ({ sentinels, name }), stop: () => sentinel.stop() };
}

/** Ends replication: the replica has all there is up to now, is not let in again, and goes on with that. */
export async function lagBehind(master: RedisServer, replica: RedisServer): Promise<void> {
  await askAt(master.url, async (client) => {
    // WAIT is about what its own connection has written.
    await client.set('of-this-test', 'x');
    await client.wait(1, REPLICATED_MS);
  });
  await askAt(replica.url, async (client) => {
    await client.config('SET', 'masteruser', 'nobody');
    await client.config('SET', 'masterauth', 'nothing');
  });
  await askAt(master.url, (client) => client.client('KILL', 'TYPE', 'replica'));
}

/** Three masters with a replica each. */
export interface ClusterPlace extends Place {
  readonly cluster: ReplicatedCluster;
}

export async function clusterPlace(): Promise<ClusterPlace> {
  const cluster = await startReplicatedCluster();
  return { cluster, redis: () => ({ cluster: cluster.urls.slice(0, 3) }), stop: () => cluster.stop() };
}
