#!/usr/bin/env bash
# The demonstration, from nothing to http://127.0.0.1:8080: installs, builds, invents a territory, imports
# its files with the commands that a user types, serves it. A second run goes straight to serving.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
dwellings="${LOGEMENTS:-20000}" seed="${GRAINE:-1}" folder="${DEMO:-demo}" port="${PORT:-8080}"
mosaique="target/debug/mosaique"

scripts/setup.sh demo
scripts/build.sh

want="$(digest "$mosaique" <(echo "$dwellings $seed"))"
if [ ! -d "$folder/magasin" ] || ! is_fresh "demo-${folder//\//_}" "$want"; then
  rm -rf "$folder/fichiers" "$folder/magasin"
  timed "Territoire fictif de $dwellings logements, dans $folder/fichiers" \
    "$mosaique" demo-data --dwellings "$dwellings" --seed "$seed" --out "$folder/fichiers"
  timed "Import dans $folder/magasin" scripts/import-all.sh "$mosaique" "$folder/fichiers" "$folder/magasin"
  # What bailleurs told since the register: kept beside the accounts, not with the registers.
  for file in "$folder"/fichiers/declares/evenements-*.csv; do
    siren="$(grep -oE '[0-9]{9}' <<<"$(basename "$file")")"
    "$mosaique" admin events "$file" --siren "$siren" --data "$folder/magasin"
  done
  "$mosaique" admin flux "$folder/fichiers/declares/flux" --data "$folder/magasin"
  : >"$folder/magasin/demonstration"   # the page then says that the territory is fictional
  stamp "demo-${folder//\//_}" "$want"
fi

[ "${1:-}" = --no-serve ] && exit 0
"$mosaique" admin demo --data "$folder/magasin"
say "http://127.0.0.1:$port (Ctrl-C pour arrêter)"
exec "$mosaique" serve --data "$folder/magasin" --bind "127.0.0.1:$port"
