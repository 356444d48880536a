# For start.sh and start-sentinel.sh: writes the users of the file $1 into users.acl of the working directory.

: "${REDIS_PASSWORD:?Set it to the password of the user bots.}"
: "${REDIS_ADMIN_PASSWORD:?Set it to the password of the user default.}"

write_users() {
  sed -e '/^#/d' \
    -e "s/{admin password}/$REDIS_ADMIN_PASSWORD/g" \
    -e "s/{password}/$REDIS_PASSWORD/g" \
    -e "s/{namespace}/${CACHE_NAMESPACE:-prod:bots}/g" "$1" >users.acl
}
