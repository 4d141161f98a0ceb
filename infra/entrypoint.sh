#!/bin/sh
# Starts a service of the compose file: each secret whose name is in capitals becomes the variable of that name, so that
# no password stands in a file that is copied around, in an address, or in what the engine tells about a container.
set -eu
LC_ALL=C
for secret in "${HOLDFAST_SECRETS:-/run/secrets}"/[A-Z]*; do
    [ -f "$secret" ] || continue
    export "$(basename "$secret")=$(cat "$secret")"
done
exec "$@"
