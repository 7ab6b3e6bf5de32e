#!/usr/bin/env bash
# users.sh SECRETS_DIR: prints users.acl, one user per service with its own key prefix and channels. The passwords are
# SECRETS_DIR/redis-<service>; the file holds their SHA-256 only.
set -euo pipefail
secrets=${1:?usage: users.sh SECRETS_DIR}

# `stations` is the channel on which charging nudges routing.
channels() {
  case $1 in charging | routing) echo "&$1.* &stations" ;; *) echo "&$1.*" ;; esac
}

echo "user default off"
for service in gateway auth user routing charging payment integrations; do
  digest=$(sha256sum < "$secrets/redis-$service" | cut -d' ' -f1)
  echo "user $service on #$digest resetkeys resetchannels ~$service:* $(channels "$service") +@all -@admin -@dangerous +info"
done
