#!/usr/bin/env bash
# pki.sh DIR [name…]: an own CA and one leaf certificate per name, EC P-256, PKCS#8 keys.
# A leaf that is missing, unreadable by this CA, or ends within 30 days is made anew; the others stay.
# A DIR with ca.pem and without ca.key is a deployer's own: then every leaf must be there, and nothing is made.
# DIR/ca.pem is for everybody; NAME.key is 0600; kafka-broker.pem is key and certificate in one file, as the broker wants it.
set -euo pipefail

readonly all_names=(gateway auth user routing charging payment integrations relay-charging relay-payment relay-integrations
  payment-provider charge-points kafka-broker platform-admin postgres redis observability registry apicurio)
readonly leaf_days=90 renew_before_s=$((30 * 24 * 3600)) ca_days=3650

dir=${1:?usage: pki.sh DIR [name…]}
shift
names=("$@")
[ ${#names[@]} -gt 0 ] || names=("${all_names[@]}")

umask 077
mkdir -p "$dir"
chmod 755 "$dir"
cd "$dir"
scratch=$(mktemp -d ./.new.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

is_good() {
  [ -s "$1.key" ] && openssl x509 -in "$1.crt" -noout -checkend "$renew_before_s" >/dev/null 2>&1 \
    && openssl verify -CAfile ca.pem "$1.crt" >/dev/null 2>&1
}

if [ -s ca.pem ] && [ ! -s ca.key ]; then
  for name in "${names[@]}"; do
    is_good "$name" || { echo "pki: $dir/$name.crt and .key are missing, end within 30 days, or are not of $dir/ca.pem (there is no ca.key to make them)" >&2; exit 1; }
  done
  exit 0
fi

if [ ! -s ca.key ] || ! openssl x509 -in ca.pem -noout -checkend "$renew_before_s" >/dev/null 2>&1; then
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/ca.key"
  openssl req -x509 -new -key "$scratch/ca.key" -sha256 -days "$ca_days" -subj "/O=evcosta/CN=evcosta-ca" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign -out "$scratch/ca.pem"
  chmod 644 "$scratch/ca.pem"
  mv "$scratch/ca.key" ca.key
  mv "$scratch/ca.pem" ca.pem
fi

make_leaf() {
  local name=$1 new=$scratch/$1
  printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth \
    "subjectAltName=DNS:$name.evcosta.internal,DNS:localhost,IP:127.0.0.1" > "$new.ext"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$new.key" -subj "/O=evcosta/CN=$name" -out "$new.csr" 2>/dev/null
  openssl x509 -req -in "$new.csr" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$leaf_days" \
    -extfile "$new.ext" -out "$new.crt" 2>/dev/null
  chmod 644 "$new.crt"
  cat "$new.key" "$new.crt" > "$new.pem"
  # The pair changes by two renames; who reads between them sees a pair that does not match and tries again.
  mv "$new.key" "$name.key"
  mv "$new.crt" "$name.crt"
  case $name in kafka-broker) mv "$new.pem" "$name.pem" ;; esac
}

for name in "${names[@]}"; do
  is_good "$name" || make_leaf "$name"
done
