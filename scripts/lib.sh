# Shared by the scripts: how they speak, time a step, and know that nothing has changed.
# shellcheck shell=bash

RACINE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TAMPONS="$RACINE/target/tampons"
CARGO="${CARGO:-cargo}"

say() { printf '\n\033[1m▶ %s\033[0m\n' "$*"; }
note() { printf '  %s\n' "$*"; }
fail() { printf '\n\033[1;31m✗ %s\033[0m\n' "$*" >&2; exit 1; }

# timed LABEL COMMAND…: says what starts, runs it, says how long it took; returns its exit code.
timed() {
  local label="$1" start=$SECONDS code=0
  shift
  say "$label"
  "$@" || code=$?
  note "$((SECONDS - start)) s"
  return "$code"
}

# A stamp holds the digest of the files that a step depends on; the step is skipped while it matches.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_fresh() { [ -f "$TAMPONS/$1" ] && [ "$(cat "$TAMPONS/$1")" = "$2" ]; }
stamp() { mkdir -p "$TAMPONS" && printf '%s\n' "$2" >"$TAMPONS/$1"; }

# free_port: a TCP port of the loopback that nobody listens on.
free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# wait_for_http URL SECONDS PID: true as soon as URL answers 200; false if PID ends or time runs out.
wait_for_http() {
  local url="$1" limit=$((SECONDS + $2)) pid="$3"
  until curl -fsS -o /dev/null "$url" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$limit" ] || return 1
    sleep 0.2
  done
}
