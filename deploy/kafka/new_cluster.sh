#!/usr/bin/env bash
# new_cluster.sh TEMPLATE DATA_DIR BROKERS: empty data folders DATA_DIR/kafka[-2, -3] of one new cluster, whose id it prints. What was there
# goes to DATA_DIR/kafka-replaced, in the place of what went there before. No broker may run on them.
set -euo pipefail
template=${1:?usage: new_cluster.sh TEMPLATE DATA_DIR BROKERS} data=${2:?} brokers=${3:?}

# 22 characters of URL-safe base64, as Kafka writes its ids; none that looks like an option.
new_id() {
  local id=-
  while [[ $id == -* ]]; do id=$(openssl rand -base64 16 | tr '+/' '-_' | tr -d '='); done
  printf '%s' "$id"
}

cluster=$(new_id)
rm -rf "$data/kafka-new"
mkdir -p "$data/kafka-new"
for number in $(seq "$brokers"); do
  folder=$data/kafka-new/kafka$([ "$number" = 1 ] || echo "-$number")
  cp -r "$template" "$folder"
  # The template was formatted as node 1 of a cluster of its own.
  sed -i -e "s/^cluster\\.id=.*/cluster.id=$cluster/" -e "s/^node\\.id=.*/node.id=$number/" -e "s/^directory\\.id=.*/directory.id=$(new_id)/" "$folder/meta.properties"
done
rm -rf "$data/kafka-replaced"
mkdir -p "$data/kafka-replaced"
for folder in "$data"/kafka "$data"/kafka-[23]; do
  [ ! -e "$folder" ] || mv "$folder" "$data/kafka-replaced/"
done
rmdir --ignore-fail-on-non-empty "$data/kafka-replaced"
mv "$data"/kafka-new/* "$data/"
rmdir "$data/kafka-new"
echo "$cluster"
