#!/usr/bin/env bash
# init.sh DATA TLS_DIR PORT SOCKET_DIR: makes the data folder (initdb, roles, databases) when it is missing, and refreshes its
# configuration and certificates every time. Starts nothing. PostgreSQL refuses to run as root: then user `postgres` owns the folder.
# Prints nothing when all is well. `init.sh --certificates DATA TLS_DIR` renews the certificates alone (the server takes them at SIGHUP).
# `init.sh --command DATA` prints the command line that starts the server, one word a line.
set -euo pipefail
umask 022
here=$(cd "$(dirname "$0")" && pwd)
bin=/usr/lib/postgresql/15/bin

run_as=()
os_user=$(id -un)
if [ "$(id -u)" = 0 ]; then
  os_user=postgres
  run_as=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

if [ "${1:-}" = --command ]; then
  # setpriv replaces itself by the server, so that the pid is the postmaster's.
  printf '%s\n' "${run_as[@]}" "$bin/postgres" -D "$2"
  exit
fi

own() { [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$@"; }

place_certificates() {
  mkdir -p "$1/tls"
  install -m 600 "$2/postgres.key" "$2/postgres.crt" "$2/ca.pem" "$1/tls/"
  own "$1/tls"
}

if [ "${1:-}" = --certificates ]; then
  place_certificates "$2" "$3"
  exit
fi

data=${1:?usage: init.sh DATA TLS_DIR PORT SOCKET_DIR} tls=$2
export POSTGRES_PORT=$3 POSTGRES_SOCKET_DIR=$4 POSTGRES_OS_USER=$os_user
LAUNCHER_USER=$(id -un)
export LAUNCHER_USER

configure() {
  local name
  for name in postgresql.conf pg_hba.conf pg_ident.conf; do
    /usr/bin/python3 "$here/../render.py" "$here/$name" > "$1/$name"
  done
  own "$1"/{postgresql,pg_hba,pg_ident}.conf
  place_certificates "$1" "$tls"
}

mkdir -p "$POSTGRES_SOCKET_DIR" "$(dirname "$data")"
own "$POSTGRES_SOCKET_DIR"

# Single-user mode: roles and databases are there before anybody can connect. -j: a statement ends with an empty line.
run_init_sql() {
  sed -e '/^--/d' -e 's/;$/;\n/' "$here/init.sql" \
    | "${run_as[@]}" "$bin/postgres" --single -j -D "$1" -c fsync=off -c log_min_messages=error postgres >> "$data.log" 2>&1
}

if [ ! -s "$data/PG_VERSION" ]; then
  rm -rf "$data.new"
  mkdir -m 700 "$data.new"
  own "$data.new"
  "${run_as[@]}" "$bin/initdb" -D "$data.new" -U postgres -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions > "$data.log" 2>&1 \
    || { cat "$data.log" >&2; exit 1; }
  configure "$data.new"
  run_init_sql "$data.new" || { cat "$data.log" >&2; exit 1; }
  if grep -qE 'ERROR|FATAL' "$data.log"; then cat "$data.log" >&2; exit 1; fi
  rm -f "$data.log"
  cp "$here/init.sql" "$data.init.sql"
  mv "$data.new" "$data"
else
  configure "$data"
  # A folder of an earlier version: what init.sql has learnt since is made, what is there already stays.
  if ! cmp -s "$here/init.sql" "$data.init.sql"; then
    run_init_sql "$data" || { cat "$data.log" >&2; exit 1; }
    if grep -E 'ERROR|FATAL' "$data.log" | grep -v 'already exists' >&2; then exit 1; fi
    rm -f "$data.log"
    cp "$here/init.sql" "$data.init.sql"
  fi
fi
