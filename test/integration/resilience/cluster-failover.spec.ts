import { startEngine } from '../../support/engine.js';
import { ask, until } from '../../support/redis-cluster.js';
import { startReplicatedCluster } from '../../support/redis-replicas.js';

describe('a cluster in which a replica has taken over', () => {
  it('is told the evictions of the last thirty seconds again, though its connection was never lost', async () => {
    const cluster = await startReplicatedCluster();
    try {
      const redis = { cluster: cluster.nodes.map(({ url }) => url), deadline: 2_000 };
      const engine = await startEngine({ redis, namespace: 'failover' });
      const cache = engine.cache<string>({ l1: false });
      const ids = Array.from({ length: 30 }, (_, i) => String(i));
      await cache.setMany(ids.map((id) => [[id], 'old']));
      const old = new Map<string, Buffer>();
      const [master] = cluster.nodes;
      await ask(master!, async (client) => {
        for (const name of await client.keys('failover:*')) old.set(name, (await client.getBuffer(name))!);
      });
      await cache.evictMany(ids.map((id) => [id]));
      const replica = cluster.replicaOf(master!);
      const { guard } = engine.runtime.redis!;
      // What the master had not sent to its replica yet: there, the evictions have never been.
      const connected = guard.connected.bind(guard);
      let isTold = false;
      guard.connected = async () => {
        guard.connected = connected;
        await ask(replica, async (client) => {
          for (const [name, bytes] of old) await client.set(name, bytes, 'PX', 60_000);
        });
        await connected();
        isTold = true;
      };
      await ask(replica, async (client) => client.cluster('FAILOVER'));
      await cluster.promoted(replica);
      const left = () => ask(replica, (client) => client.keys('failover:*'));
      await until(async () => {
        // A command for a slot of the old master makes the client ask where it is now.
        await cache.getMany(ids.map((id) => [id] as const));
        return isTold && (await left()).length === 0;
      });
      expect(old.size).toBeGreaterThan(0);
      expect(await cache.getMany(ids.map((id) => [id] as const))).toEqual(ids.map(() => undefined));
      await engine.runtime.close();
    } finally {
      await cluster.stop();
    }
  }, 60_000);
});
