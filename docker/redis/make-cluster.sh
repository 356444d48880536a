#!/bin/sh
# Makes one cluster of nodes, each given as host:port: the first half are masters, the others their replicas. A cluster
# that is there already is left alone. The password stands in REDISCLI_AUTH.
set -eu

for node in "$@"; do
  until redis-cli -h "${node%:*}" -p "${node#*:}" ping | grep -q PONG; do sleep 1; done
done

if redis-cli -h "${1%:*}" -p "${1#*:}" cluster info | grep -q 'cluster_slots_assigned:16384'; then
  echo 'The cluster is there.'
else
  redis-cli --cluster create "$@" --cluster-replicas 1 --cluster-yes
fi
