#!/usr/bin/env bash
# Installs what a part of the work needs and the machine lacks: setup.sh demo | test | bench.
#
# Written for Debian 12 with Rust, Node and make. What is there already is left alone, and a second run
# does nothing. Uses sudo unless root.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
part="${1:-demo}"

has() { command -v "$1" >/dev/null 2>&1; }

# Debian packages: the tool that shows a package to be there, then the package.
missing=()
need() { has "$1" || missing+=("$2"); }

debian_packages() {
  need gcc gcc
  need g++ g++            # PROJ is C++ …
  need cmake cmake        # … and is configured with CMake,
  need sqlite3 sqlite3    # which builds its coordinate-system database with sqlite3
  need pkg-config pkg-config
  need mold mold          # the linker named in .cargo/config.toml
  need curl curl
  compgen -G '/usr/lib/*/libclang-[0-9]*.so*' >/dev/null ||
    missing+=(libclang-dev)   # the bindings of HiGHS are made at build time
  if [ "$part" != demo ]; then
    need python3 python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  fi
  if [ "$part" = test ]; then
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has initdb || missing+=(postgresql)
    has chromium || [ -n "${CHROMIUM:-}" ] || missing+=(chromium)
  fi
  if [ "$part" = bench ]; then
    need wrk wrk
    [ -e /usr/share/postgresql/15/extension/postgis.control ] ||
      missing+=(postgresql-15-postgis-3 postgresql-15-postgis-3-scripts)
  fi
}

install_debian_packages() {
  debian_packages
  [ ${#missing[@]} -eq 0 ] && return 0
  has apt-get || fail "Il manque : ${missing[*]}. Installez-les (ce script ne connaît que apt-get)."
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || fail "Il manque : ${missing[*]}. Relancez en root, ou installez sudo."
    as_root=(sudo)
  fi
  local log="$TAMPONS/apt.log"
  mkdir -p "$TAMPONS"
  say "Paquets Debian manquants : ${missing[*]} (environ 1 min)"
  # A package's own start script must not start a database server here: tests and benchmark start their own.
  { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -20 "$log" >&2; fail "apt-get a échoué ; le journal entier est dans $log"; }
}

check_toolchains() {
  has cargo || fail "cargo est introuvable : installez Rust 1.95 ou plus récent."
  { has node && has npm; } || fail "node et npm sont introuvables : installez Node.js 20 ou plus récent."
  local major
  major="$(node -p 'process.versions.node.split(".")[0]')"
  [ "$major" -ge 20 ] || fail "Node.js $(node -v) est trop ancien : il faut la version 20 ou plus récente."
}

install_web_packages() {
  [ -f "$RACINE/web/package-lock.json" ] || return 0
  local want
  want="$(digest "$RACINE/web/package-lock.json" "$RACINE/web/package.json")"
  if [ -d "$RACINE/web/node_modules" ] && is_fresh npm "$want"; then return 0; fi
  timed "Paquets npm de web/ (environ 30 s)" \
    npm --prefix "$RACINE/web" ci --no-audit --no-fund --loglevel=error
  stamp npm "$want"
}

# install_venv FOLDER REQUIREMENTS STAMP
install_venv() {
  local folder="$RACINE/$1" list="$RACINE/$2" want
  want="$(digest "$list")"
  if [ -x "$folder/bin/python" ] && is_fresh "$3" "$want"; then return 0; fi
  say "Paquets Python de $2, dans $1 (environ 1 min)"
  [ -x "$folder/bin/python" ] || python3 -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list"
  stamp "$3" "$want"
}

# What checks licences, bans and sources of dependencies; built once for this user.
install_cargo_deny() {
  "$CARGO" deny --version >/dev/null 2>&1 && return 0
  timed "cargo-deny (environ 2 min)" "$CARGO" install --quiet --debug --locked --version 0.20.2 cargo-deny
}

check_toolchains
install_debian_packages
case "$part" in
demo) install_web_packages ;;
test)
  install_web_packages
  install_venv .venv tests/oracle/requirements.txt venv
  install_cargo_deny
  ;;
bench) install_venv .venv-bench benches/requirements.txt venv-bench ;;
*) fail "setup.sh demo | test | bench" ;;
esac
