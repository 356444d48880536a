#!/bin/sh
# Makes an authority of its own, and a certificate for a Redis, with openssl, for development:
#
#   docker/tls/make-certificates.sh [folder [names]]
#
# folder: where to; default: .data/tls, which is neither committed nor copied into images
# names: of the server, as a subjectAltName; default: those by which docker-compose.yml and this machine know it
#
# They last for a year. Run it again for new ones, and start Redis again.
set -eu
folder=${1:-.data/tls}
names=${2:-DNS:redis,DNS:localhost,IP:127.0.0.1}

mkdir -p "$folder"
cd "$folder"
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
# shellcheck disable=SC2086
openssl req -x509 $key -keyout ca.key -out ca.crt -days 365 -subj '/CN=nestjs-roost development' 2>openssl.log
# shellcheck disable=SC2086
openssl req $key -keyout redis.key -out redis.csr -subj '/CN=redis' 2>>openssl.log
echo "subjectAltName=$names" >redis.ext
openssl x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out redis.crt -days 365 \
  -extfile redis.ext 2>>openssl.log
rm -f redis.csr redis.ext openssl.log

# In the container another user reads the server's files. The authority's key is for nobody.
chmod 600 ca.key
chmod 644 ca.crt redis.crt redis.key
