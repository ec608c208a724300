#!/usr/bin/env bash
# How fast allocations are checked before they are made, on the demonstration: through the library on one core, and a commission
# of 200 files through HTTP (make demo first; DEMO names its folder).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
store="${DEMO:-demo}/magasin" files="${DEMO:-demo}/fichiers" mosaique="${MOSAIQUE:-target/debug/mosaique}"
work="$(mktemp -d)"
server=""
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

say "Par la bibliothèque, sur un cœur :"
taskset -c 0 "$mosaique" bench-controle --data "$store"

say "Par HTTP, une commission de 200 dossiers, cinq fois :"
awk -F';' '(NR == 1 || $3 ~ /^2024/) && n++ < 201' "$files"/attributions*.csv >"$work/commission.csv"
port="$(free_port)"
"$mosaique" serve --data "$store" --bind "127.0.0.1:$port" >"$work/serveur.log" 2>&1 &
server=$!
wait_for_http "http://127.0.0.1:$port/healthz" 30 "$server"
token="$("$mosaique" admin token --data "$store" --courriel dreal@demonstration.example --nom mesure --jours 1)"
for _ in 1 2 3 4 5; do
  curl -sf -o "$work/reponse.json" -w '%{time_total} s, %{size_download} octets\n' -H "authorization: Bearer $token" \
    -H 'content-type: text/csv' --data-binary "@$work/commission.csv" "http://127.0.0.1:$port/api/attributions/controle/csv"
done
