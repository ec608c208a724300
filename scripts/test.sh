#!/usr/bin/env bash
# Every test: Rust, web, browser, and the comparison with independent tools. Installs what is missing.
#
# All parts run even when one fails; the last line sums what each runner counted, and the exit code is not
# 0 if anything failed.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE" || exit 1
logs="$RACINE/test-output"
rm -rf "$logs"
mkdir -p "$logs"
failures=()
servers=()

postgres="$(mktemp -d)"

stop_servers() {
  [ ${#servers[@]} -eq 0 ] && return 0
  kill -TERM "${servers[@]}" 2>/dev/null
  wait "${servers[@]}" 2>/dev/null
  servers=()
}
stop_all() {
  stop_servers
  scripts/postgres.sh stop "$postgres" 2>/dev/null
  rm -rf "$postgres"
}
trap stop_all EXIT

# part NAME LABEL COMMAND…: runs it, keeps what it printed in test-output/NAME.log.
part() {
  local name="$1" label="$2"
  shift 2
  if ! timed "$label" "$@" 2>&1 | tee "$logs/$name.log"; then
    failures+=("$name")
    return 1
  fi
}

# start_server STORE LOG: its address in $started.
start_server() {
  local port
  port="$(free_port)"
  started="http://127.0.0.1:$port"
  target/debug/mosaique serve --data "$1" --bind "127.0.0.1:$port" >"$logs/$2.log" 2>&1 &
  servers+=($!)
  wait_for_http "$started/healthz" 30 "$!" && return 0
  tail -20 "$logs/$2.log"
  failures+=(serveur)
  return 1
}

scripts/setup.sh test || exit 1
scripts/build.sh || exit 1

# With it, points in zones are compared with GeoPandas.
export MOSAIQUE_ORACLE_PYTHON="$RACINE/.venv/bin/python"

# With it, the tests of the state store run on a real PostgreSQL too.
pg_port="$(free_port)"
if part postgresql "Un PostgreSQL pour les tests" scripts/postgres.sh start "$postgres" "$pg_port"; then
  export MOSAIQUE_TEST_POSTGRES="postgres://mosaique@127.0.0.1:$pg_port"
fi
part dependances "Licences et provenance des dépendances" scripts/deny.sh
part rust "Tests Rust" "$CARGO" test --workspace --locked --no-fail-fast

if [ -f web/package.json ]; then
  part web "Tests de la page" npm --prefix web test
fi

export DEMO=test-output/demo LOGEMENTS=20000 GRAINE=1
DEMO_FILES="$RACINE/$DEMO/fichiers"
DEMO_STORE="$RACINE/$DEMO/magasin"
MOSAIQUE_BIN="$RACINE/target/debug/mosaique"
export DEMO_FILES DEMO_STORE MOSAIQUE_BIN
if part demo "Territoire de démonstration pour les tests" scripts/demo.sh --no-serve; then
  # Tests of accounts start servers of their own; all others ask with the token of the region's agent, who sees it all.
  "$MOSAIQUE_BIN" admin demo --data "$DEMO_STORE" >/dev/null &&
    MOSAIQUE_TOKEN="$("$MOSAIQUE_BIN" admin token --data "$DEMO_STORE" --courriel dreal@demonstration.example --nom tests)" || failures+=(comptes)
  export MOSAIQUE_TOKEN
  # A second one for the browser: two files of its tests at a time, each on a server of its own.
  second="$RACINE/test-output/demo/magasin-2"
  cp -r "$DEMO_STORE" "$second"
  start_server "$second" serveur-2 && export E2E_SECOND="$started $second"
  start_server "$DEMO_STORE" serveur && export BASE_URL="$started"
  if [ -f web/package.json ]; then
    part api "Le client de l'interface est à jour" npm --prefix web run api:check
    part navigateur "Tests dans le navigateur" npm --prefix web run e2e
  fi
  # One process each, on servers of their own: side by side on two cores.
  part service "Répliques tuées en charge, requêtes inventées" \
    .venv/bin/python -m pytest -q tests/service >"$logs/service.txt" 2>&1 &
  beside=$!
  part oracle "Comparaison avec GeoPandas et pyproj" .venv/bin/python -m pytest -q tests/oracle
  wait "$beside" || failures+=(service)
  cat "$logs/service.txt"
  stop_servers
fi

node scripts/count-tests.mjs "$logs"
if [ ${#failures[@]} -gt 0 ]; then
  printf '\033[1;31m✗ en échec : %s\033[0m\n' "${failures[*]}" >&2
  exit 1
fi
