import type { Cluster } from 'ioredis';

/**
 * Tells when a cluster has a master that it did not have before: a replica that has taken over, which may not have
 * heard of the latest evictions. The connection to the cluster as a whole may stay as it is meanwhile.
 *
 * @returns the function that ends that
 */
export function watchOwners(cluster: Cluster, changed: () => void): () => void {
  let known = ownersOf(cluster);
  const look = () => {
    const owners = ownersOf(cluster);
    const isFirst = known.size === 0;
    const isNew = [...owners].some((owner) => !known.has(owner));
    known = owners;
    if (isNew && !isFirst) changed();
  };
  cluster.on('refresh', look);
  return () => cluster.removeListener('refresh', look);
}

function ownersOf({ slots }: Cluster): ReadonlySet<string> {
  return new Set(slots.flatMap(([master]) => master ?? []));
}
