#!/usr/bin/env bash
# pki.sh DIR [--life SECONDS] [--renew] [name…]: an own CA and one leaf certificate per name, EC P-256, PKCS#8 keys.
# A leaf that is missing, unreadable by this CA, or past half of its life is made anew; the others stay. --renew: all of them are made anew.
# SECONDS is the life of what is made (default EVCOSTA_CERTIFICATE_LIFE_S or 90 days). Prints the names of what it made, one a line.
# A DIR with ca.pem and without ca.key is a deployer's own: then every leaf must be there, and nothing is made.
# DIR/ca.pem is for everybody; NAME.key is 0600; kafka-broker.pem is key and certificate in one file, as the broker wants it.
set -euo pipefail

readonly all_names=(gateway auth user routing charging payment integrations relay-charging relay-payment relay-integrations
  payment-provider charge-points kafka-broker platform-admin postgres redis observability registry apicurio)
readonly ca_renew_before_s=$((30 * 24 * 3600)) ca_days=3650 clock_skew_s=60

dir=${1:?usage: pki.sh DIR [--life SECONDS] [--renew] [name…]}
shift
life_s=${EVCOSTA_CERTIFICATE_LIFE_S:-$((90 * 24 * 3600))} renew='' names=()
while [ $# -gt 0 ]; do
  case $1 in
    --life) life_s=${2:?--life wants seconds}; shift ;;
    --renew) renew=yes ;;
    *) names+=("$1") ;;
  esac
  shift
done
[[ $life_s =~ ^[0-9]+$ ]] && [ "$life_s" -ge 2 ] || { echo "pki: a life is a number of seconds from 2, not '$life_s'" >&2; exit 2; }
[ ${#names[@]} -gt 0 ] || names=("${all_names[@]}")

umask 077
mkdir -p "$dir"
chmod 755 "$dir"
cd "$dir"
# One at a time: the platform's own renewal and a person's may meet.
exec 9> .lock
flock 9
scratch=$(mktemp -d ./.new.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

is_ours() { [ -s "$1.key" ] && openssl verify -CAfile ca.pem "$1.crt" > /dev/null 2>&1; }

# Less than half of its life is over, not counting the time by which it was made valid too early.
is_young() {
  local dates begin end
  dates=$(openssl x509 -in "$1.crt" -noout -dates) || return 1
  begin=$(date -d "$(sed -n 's/^notBefore=//p' <<< "$dates")" +%s)
  end=$(date -d "$(sed -n 's/^notAfter=//p' <<< "$dates")" +%s)
  [ $((2 * (end - $(date +%s)))) -gt $((end - begin - clock_skew_s)) ]
}

if [ -s ca.pem ] && [ ! -s ca.key ]; then
  for name in "${names[@]}"; do
    is_ours "$name" || { echo "pki: $dir/$name.crt and .key are missing, have ended, or are not of $dir/ca.pem (there is no ca.key to make them)" >&2; exit 1; }
  done
  exit 0
fi

if [ ! -s ca.key ] || ! openssl x509 -in ca.pem -noout -checkend "$ca_renew_before_s" >/dev/null 2>&1; then
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/ca.key"
  openssl req -x509 -new -key "$scratch/ca.key" -sha256 -days "$ca_days" -subj "/O=evcosta/CN=evcosta-ca" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign -out "$scratch/ca.pem"
  chmod 644 "$scratch/ca.pem"
  mv "$scratch/ca.key" ca.key
  mv "$scratch/ca.pem" ca.pem
fi

# `openssl x509` counts days only; `openssl ca` takes moments.
cat > "$scratch/ca.cnf" << END
[ca]
default_ca = leaf
[leaf]
database = $scratch/index
new_certs_dir = $scratch
default_md = sha256
unique_subject = no
policy = subject
rand_serial = yes
[subject]
organizationName = supplied
commonName = supplied
END
: > "$scratch/index"

make_leaf() {
  local name=$1 new=$scratch/$1 now
  now=$(date +%s)
  printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth \
    "subjectAltName=DNS:$name.evcosta.internal,DNS:localhost,IP:127.0.0.1" > "$new.ext"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$new.key" -subj "/O=evcosta/CN=$name" -out "$new.csr" 2>/dev/null
  openssl ca -batch -config "$scratch/ca.cnf" -cert ca.pem -keyfile ca.key -notext -extfile "$new.ext" -in "$new.csr" -out "$new.crt" \
    -startdate "$(date -u -d "@$((now - clock_skew_s))" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "@$((now + life_s))" +%Y%m%d%H%M%SZ)" 2> "$new.log" \
    || { cat "$new.log" >&2; exit 1; }
  chmod 644 "$new.crt"
  cat "$new.key" "$new.crt" > "$new.pem"
  # The pair changes by two renames; who reads between them sees a pair that does not match and tries again.
  mv "$new.key" "$name.key"
  mv "$new.crt" "$name.crt"
  case $name in kafka-broker) mv "$new.pem" "$name.pem" ;; esac
  echo "$name"
}

for name in "${names[@]}"; do
  [ -z "$renew" ] && is_ours "$name" && is_young "$name" || make_leaf "$name"
done
