#!/bin/sh
# Starts a Redis with configuration files of this folder, and with the users of users.acl:
#
#   start.sh redis.conf [replicated.conf …] [--option value …]
#
# Data and what is written here go to the working directory. The environment has
#   REDIS_PASSWORD        of the user `bots`
#   REDIS_ADMIN_PASSWORD  of the user `default`, and of the master when this is its replica
#   CACHE_NAMESPACE       what `bots` may touch; default: prod:bots
#   REDIS_REPLICA_OF      `host port` of the master, for who is a replica at its very first start
# Passwords stand in files that only this user can read, and in no list of processes.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
. "$here/users.sh"

# At a failover Redis writes into its file whose replica it is from now on: that outlives a restart.
role=${REDIS_REPLICA_OF:+replicaof $REDIS_REPLICA_OF}
if [ -f redis.conf ]; then role=$(grep '^replicaof ' redis.conf || true); fi

write_users "$here/users.acl"
{
  while [ $# -gt 0 ] && [ "$1" != "${1%.conf}" ]; do
    printf 'include "%s/%s"\n' "$here" "$1"
    shift
  done
  printf 'aclfile "%s/users.acl"\nmasterauth "%s"\n%s\n' "$PWD" "$REDIS_ADMIN_PASSWORD" "$role"
} >redis.conf.new
mv redis.conf.new redis.conf
exec redis-server "$PWD/redis.conf" "$@"
