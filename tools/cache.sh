# Where setup.sh keeps what it downloads and builds; sourced by setup.sh, evcosta and testenv.
# Everything is keyed by the hash of the files that describe it, so that clones share one cache and a changed version is built anew.
evc_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
evc_cache=${EVCOSTA_CACHE_DIR:-${HOME:-/var/tmp}/.cache/evcosta}
evc_go_tools=(process-compose victoria-logs jaeger otelcol)

evc_key() { cat "$@" | sha256sum | cut -c1-16; }

# evc_go_tool NAME: the binary of tools/NAME.
evc_go_tool() { echo "$evc_cache/tools/$1-$(evc_key "$evc_root/tools/$1"/*)/$1"; }

# The broker's folder: libs/, template/ (a formatted data folder), kafka.jsa (class-data archive).
evc_kafka() { echo "$evc_cache/kafka-$(evc_key "$evc_root"/deploy/kafka/{pom.xml,jvm.options,prepare.sh})"; }

# libosmium's headers, unpacked: usr/include.
evc_osmium() { echo "$evc_cache/osmium-$(evc_key "$evc_root/tools/osmium/packages.txt")"; }
# The schema registry's folder: app/ (its archive, unpacked) and java, a link to a Java of version 21 or newer.
evc_apicurio() { echo "$evc_cache/apicurio-$(evc_key "$evc_root/deploy/apicurio/pom.xml")"; }

# The verifiers of others that the whole-system tests run with Node: the scripts of tests/node and their packages.
evc_node() { echo "$evc_cache/node-$(evc_key "$evc_root"/tests/node/*)"; }

# What the web workspace is built and tested with: node_modules.
evc_web() { echo "$evc_cache/web-$(evc_key "$evc_root"/web/{package.json,package-lock.json})"; }

# The Python environment of the whole-system tests.
evc_venv() { echo "$evc_cache/venv-$(evc_key "$evc_root/tests/requirements.txt")"; }
