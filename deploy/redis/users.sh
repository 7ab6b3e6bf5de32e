#!/usr/bin/env bash
# users.sh SECRETS_DIR: prints users.acl, one user per service that uses Redis, with its own key prefix and channels, platform-admin,
# who may only change settings (a renewed certificate), and observability, who may only look at the server's own figures. The passwords are SECRETS_DIR/redis-<user>; the file holds their SHA-256 only.
set -euo pipefail
secrets=${1:?usage: users.sh SECRETS_DIR}

# `stations` is the channel on which charging nudges routing.
channels() {
  case $1 in charging | routing) echo "&$1.* &stations" ;; *) echo "&$1.*" ;; esac
}

digest_of() { sha256sum < "$secrets/redis-$1" | cut -d' ' -f1; }

echo "user default off"
echo "user observability on #$(digest_of observability) resetkeys resetchannels -@all +ping +info +client|setname +slowlog|len +slowlog|get +latency|latest"
echo "user platform-admin on #$(digest_of platform-admin) resetkeys resetchannels -@all +config|set"
for service in gateway auth routing charging; do
  digest=$(digest_of "$service")
  echo "user $service on #$digest resetkeys resetchannels ~$service:* $(channels "$service") +@all -@admin -@dangerous +info"
done
