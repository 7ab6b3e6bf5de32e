#!/usr/bin/env bash
# prepare.sh DIR: from DIR/libs make DIR/template (a formatted data folder, copied for each new broker instead of a JVM start)
# and DIR/kafka.jsa (a class-data archive: a start in 3-4 s instead of 6).
set -euo pipefail
dir=${1:?usage: prepare.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; [ -z "${broker:-}" ] || kill -9 "$broker" 2>/dev/null || true' EXIT

free_ports() {
  /usr/bin/python3 -c '
import socket
s = [socket.socket() for _ in range(2)]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])'
}
read -r KAFKA_PORT KAFKA_CONTROLLER_PORT < <(free_ports)
export KAFKA_PORT KAFKA_CONTROLLER_PORT TLS_DIR=$scratch/tls KAFKA_DATA=$scratch/data
"$here/../pki.sh" "$TLS_DIR" kafka-broker
/usr/bin/python3 "$here/../render.py" "$here/server.properties" > "$scratch/server.properties"

# Any fixed cluster id will do: every broker made from this template is a cluster of its own, on its own port and CA.
java -cp "$dir/libs/*" kafka.tools.StorageTool format -t 4L6g3nShT-eMCtK--X86sw -c "$scratch/server.properties" --ignore-formatted \
  > "$scratch/format.log" 2>&1 || { cat "$scratch/format.log" >&2; exit 1; }
rm -rf "$dir/template.new"
cp -r "$KAFKA_DATA" "$dir/template.new"

java @"$here/jvm.options" -XX:ArchiveClassesAtExit="$dir/kafka.jsa" -cp "$dir/libs/*" kafka.Kafka "$scratch/server.properties" \
  > "$scratch/broker.log" 2>&1 &
broker=$!
for _ in $(seq 600); do
  grep -q 'Kafka Server started' "$scratch/broker.log" && break
  kill -0 "$broker" 2>/dev/null || { cat "$scratch/broker.log" >&2; exit 1; }
  sleep 0.1
done
kill -TERM "$broker"
wait "$broker" || true
broker=
rm -rf "$dir/template"
mv "$dir/template.new" "$dir/template"
