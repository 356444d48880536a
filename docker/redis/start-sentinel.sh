#!/bin/sh
# Starts a sentinel with sentinel.conf of this folder, and with the users of sentinel-users.acl:
#
#   start-sentinel.sh [--option value …]
#
# What it learns goes to the working directory, and outlives a restart. The environment has
#   SENTINEL_MONITOR      `name host port quorum` of the master, for the very first start
#   REDIS_PASSWORD        of the user `bots`
#   REDIS_ADMIN_PASSWORD  of the user `default`, here, at the other sentinels, and at the servers
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
. "$here/users.sh"

write_users "$here/sentinel-users.acl"
{
  if [ -f sentinel.conf ]; then
    grep -Ev '^(aclfile|user|sentinel auth-pass|sentinel sentinel-pass) ' sentinel.conf
  else
    echo "sentinel monitor ${SENTINEL_MONITOR:?Set it to the name, host and port of the master, and the quorum.}"
    cat "$here/sentinel.conf"
  fi
  printf 'aclfile "%s/users.acl"\n' "$PWD"
  printf 'sentinel auth-pass mymaster "%s"\nsentinel sentinel-pass "%s"\n' \
    "$REDIS_ADMIN_PASSWORD" "$REDIS_ADMIN_PASSWORD"
} >sentinel.conf.new
mv sentinel.conf.new sentinel.conf
exec redis-server "$PWD/sentinel.conf" --sentinel "$@"
