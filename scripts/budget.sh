#!/usr/bin/env bash
# Measures the page on a store as large as the country (see web/scripts/budget.mjs): made once under the folder DATA=… (5 GB).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
folder="${DATA:-test-output/national}" port="${PORT:-8198}" mosaique=target/debug/mosaique
store="$folder/magasin"
scripts/setup.sh test
scripts/build.sh
if [ ! -f "$store/complet" ]; then
  timed "Fichiers de la taille de la France (environ 1 min)" "$mosaique" demo-data --national --out "$folder/fichiers"
  scripts/import-all.sh "$mosaique" "$folder/fichiers" "$store"
  touch "$store/complet"
fi
: >"$store/demonstration"   # the country is invented: accounts that everybody knows may be made on it
"$mosaique" admin demo --data "$store" >/dev/null
token() { "$mosaique" admin token --data "$store" --courriel "$1@demonstration.example" --nom budget "${@:2}"; }

"$mosaique" serve --data "$store" --bind "127.0.0.1:$port" &
server=$!
trap 'kill "$server"' EXIT
base="http://127.0.0.1:$port"
until curl -sf "$base/healthz" >/dev/null; do sleep 0.2; done

# The residences of one region are not 50,000: a convention opens those of its neighbours to its DREAL.
admin=(-H "authorization: Bearer $(token administrateur --ecriture)")
dreal="$(curl -sf "${admin[@]}" "$base/api/admin/organisations" | grep -oE '"id":"[^"]*","nom":"[^"]*","role":"dreal"' | cut -d'"' -f4)"
curl -sf "${admin[@]}" "$base/api/admin/conventions" -H 'content-type: application/json' >/dev/null -d '{"titre":"Budget",
  "territoire":["departement:02","departement:27","departement:59","departement:60","departement:62","departement:76","departement:80"],
  "classes":["fine"],"donnees":["rpls","ops"],"du":"2026-01-01","au":"2099-12-31","parties":["'"$dreal"'"]}'
BASE_URL="$base" MOSAIQUE_TOKEN="$(token dreal)" node web/scripts/budget.mjs
