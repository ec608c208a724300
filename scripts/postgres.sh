#!/usr/bin/env bash
# A PostgreSQL of its own for tests: postgres.sh start FOLDER PORT | stop FOLDER. Never touches one that runs on the machine.
# Runs as the present user, or as `postgres` when that is root (the server refuses to run as root).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
action="$1" folder="$2"
bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)"
[ -n "$bin" ] || bin="$(dirname "$(command -v initdb || fail "PostgreSQL est introuvable.")")"

as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(runuser -u postgres --)

case "$action" in
  start)
    mkdir -p "$folder"
    [ ${#as_user[@]} -eq 0 ] || chown postgres "$folder"
    # Sockets have short names: this folder may be deep.
    socket="$(mktemp -d)"
    [ ${#as_user[@]} -eq 0 ] || chown postgres "$socket"
    (cd / && "${as_user[@]}" "$bin/initdb" -D "$folder/data" -A trust -U mosaique --locale=C -E UTF8 >"$folder/initdb.log" 2>&1)
    (cd / && "${as_user[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/journal" \
      -o "-p $3 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$socket -c max_connections=200" start >/dev/null)
    ;;
  stop)
    (cd / && "${as_user[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null) || true
    ;;
esac
